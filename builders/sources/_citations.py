"""What the publishers of well-known sets ask to cite, known by the names of their files."""

from __future__ import annotations

import re
from collections.abc import Iterable

MKQA = (
    "Longpre, Lu and Daiber 2021, MKQA: A Linguistically Diverse Benchmark for Multilingual Open "
    "Domain Question Answering, TACL 9, https://aclanthology.org/2021.tacl-1.82"
)

DDTP = "The Debian Description Translation Project, https://www.debian.org/international/l10n/ddtp"

_FINDINGS = "Findings of the {} Conference on Machine Translation (WMT), "

#: Citations by a pattern of the names that a set's publisher gave its files.
_BY_NAME = {
    r"xquad\.[a-z]{2,3}\.json": "Artetxe, Ruder and Yogatama 2020, On the Cross-lingual "
    "Transferability of Monolingual Representations, ACL, "
    "https://aclanthology.org/2020.acl-main.421",
    r"(test|dev)-context-[a-z]+-question-[a-z]+\.json": "Lewis, Oguz, Rinott, Riedel and Schwenk "
    "2020, MLQA: Evaluating Cross-lingual Extractive Question Answering, ACL, "
    "https://aclanthology.org/2020.acl-main.653",
    r"tydiqa[.-]goldp.*\.json": "Clark et al. 2020, TyDi QA: A Benchmark for Information-Seeking "
    "Question Answering in Typologically Diverse Languages, TACL 8, "
    "https://aclanthology.org/2020.tacl-1.30",
    r"[a-z]{3}_[A-Z][a-z]{3}\.(dev|devtest)": "NLLB Team 2022, No Language Left Behind: Scaling "
    "Human-Centered Machine Translation, https://arxiv.org/abs/2207.04672; Goyal et al. 2022, The "
    "FLORES-101 Evaluation Benchmark for Low-Resource and Multilingual Machine Translation, TACL "
    "10, https://aclanthology.org/2022.tacl-1.30",
    r"newstest2019-(src|ref)\.[a-zA-Z-]+\.txt": "Federmann, Kocmi and Xin 2022, NTREX-128 – News "
    "Test References for MT Evaluation of 128 Languages, SUMEval, "
    "https://aclanthology.org/2022.sumeval-1.4",
    r"(newstest|newsdev|florestest)2021\..*": f"Akhbardeh et al. 2021, {_FINDINGS.format(2021)}"
    "https://aclanthology.org/2021.wmt-1.1",
    r"wmttest2022\..*": f"Kocmi et al. 2022, {_FINDINGS.format(2022)}"
    "https://aclanthology.org/2022.wmt-1.1",
    r"wmttest2023\..*": f"Kocmi et al. 2023, {_FINDINGS.format(2023)}"
    "https://aclanthology.org/2023.wmt-1.1",
    r"wmttest2024\..*": f"Kocmi et al. 2024, {_FINDINGS.format(2024)}"
    "https://aclanthology.org/2024.wmt-1.1",
    r"mHumanEval.*": "Raihan, Anastasopoulos and Zampieri 2025, mHumanEval – A Multilingual "
    "Benchmark to Evaluate Large Language Models for Code Generation, NAACL, "
    "https://arxiv.org/abs/2410.15037",
    r"HumanEval\.jsonl.*": "Chen et al. 2021, Evaluating Large Language Models Trained on Code, "
    "https://arxiv.org/abs/2107.03374",
    r"(sanitized-)?mbpp\.(json|jsonl).*": "Austin et al. 2021, Program Synthesis with Large "
    "Language Models, https://arxiv.org/abs/2108.07732",
}


def cited(names: Iterable[str]) -> str:
    """Return what to cite for files, all of which are named as those of one set; else nothing.

    Args:
        names: The files' names, or paths with forward slashes.
    """
    found = {_of(name.rpartition("/")[2]) for name in names}
    return found.pop() if len(found) == 1 else ""


def package(name: str, version: str) -> str:
    """Return what to cite for a package of the index."""
    return f"{name} {version}, https://pypi.org/project/{name}/{version}/"


def data_set(name: str) -> str:
    """Return what to cite for a data set of the hub: its page, which names its papers."""
    return f"https://huggingface.co/datasets/{name}"


def _of(name: str) -> str:
    return next((citation for shape, citation in _BY_NAME.items() if re.fullmatch(shape, name)), "")
