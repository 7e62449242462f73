// Tables sort without this script, by style alone. It puts the rows into the order that is seen, for
// those who hear the page or copy from it, and tells that order.
"use strict";
for (const section of document.querySelectorAll(".table")) {
  const body = section.querySelector("tbody");
  const heads = [...section.querySelectorAll("thead th")];
  const settle = () => {
    const rows = [...body.rows].map((row) => [Number(getComputedStyle(row).order), row]);
    rows.sort((one, two) => one[0] - two[0]);
    body.append(...rows.map((pair) => pair[1]));
    const reversed = section.querySelector(".reverse").checked;
    for (const head of heads) {
      if (!head.querySelector("input").checked) head.removeAttribute("aria-sort");
      else head.setAttribute("aria-sort", reversed ? "descending" : "ascending");
    }
  };
  section.addEventListener("change", settle);
  settle();
}
