from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path

import pytest
from support.flores import FLORES_200, FLORES_PLUS

import isogloss.languages
from isogloss.identifiers.langdetect import languages
from isogloss.languages import canonical, describe

NLLB_SEED = """
ace_Arab ace_Latn ary_Arab arz_Arab bam_Latn ban_Latn bho_Deva bjn_Arab bjn_Latn bug_Latn crh_Latn
dik_Latn dzo_Tibt fur_Latn fuv_Latn grn_Latn gug_Latn hne_Deva kas_Arab kas_Deva knc_Arab knc_Latn
lij_Latn lim_Latn lmo_Latn ltg_Latn mag_Deva mni_Beng mri_Latn nqo_Nkoo nus_Latn pbt_Arab prs_Arab
scn_Latn shn_Mymr srd_Latn szl_Latn taq_Latn taq_Tfng tzm_Tfng vec_Latn
""".split()

XTREME = """
af ar az bg bn de el en es et eu fa fi fr gu he hi ht hu id it ja jv ka kk ko lt ml mr ms my nl pa
pl pt qu ro ru sw ta te th tl tr uk ur vi wo yo zh
""".split()

MKQA = (
    "ar da de en es fi fr he hu it ja km ko ms nl no pl pt ru sv th tr vi zh_cn zh_hk zh_tw".split()
)

XL_SUM = """
am ar az bn my zh-CN zh-TW en fr gu ha hi ig id ja rn ko ky mr ne om ps fa pcm pt pa ru gd sr-Cyrl
sr-Latn si so es sw ta te th ti tr uk ur uz vi cy yo
""".split()


def data() -> dict[str, list[str]]:
    path = Path(isogloss.languages.__file__).with_name("families.toml")
    found: dict[str, list[str]] = tomllib.loads(path.read_text(encoding="utf-8"))
    return found


def test_the_lists_are_whole() -> None:
    assert len(set(FLORES_200)) == len(FLORES_200) == 204
    assert len(set(NLLB_SEED)) == len(NLLB_SEED)


@pytest.mark.parametrize("codes", [FLORES_200, FLORES_PLUS, NLLB_SEED, XTREME, MKQA, XL_SUM])
def test_every_language_of_the_fields_suites_has_a_family(codes: list[str]) -> None:
    assert [code for code in codes if not describe(code).family] == []


def test_every_language_that_is_identified_has_a_family() -> None:
    assert [tag for tag in languages() if not describe(tag).family] == []


def test_a_language_is_in_one_family_once_by_its_canonical_base_tag() -> None:
    counts = Counter(tag for tags in data().values() for tag in tags)
    assert [tag for tag, count in counts.items() if count > 1] == []
    assert [tag for tag in counts if canonical(tag) != tag or "-" in tag] == []
    assert all(tags == sorted(tags) for tags in data().values())


@pytest.mark.parametrize(
    ("tag", "family"),
    [
        ("de", "Indo-European"),
        ("fa-AF", "Indo-European"),
        ("sr-Latn", "Indo-European"),
        ("swh_Latn", "Atlantic-Congo"),
        ("arb_Arab", "Afro-Asiatic"),
        ("zh-Hant", "Sino-Tibetan"),
        ("plt_Latn", "Austronesian"),
        ("azb", "Turkic"),
        ("hu", "Uralic"),
        ("te", "Dravidian"),
        ("ja", "Japonic"),
        ("ko", "Koreanic"),
        ("ka", "Kartvelian"),
        ("th", "Tai-Kadai"),
        ("vi", "Austroasiatic"),
        ("bam_Latn", "Mande"),
        ("luo", "Nilotic"),
        ("knc_Arab", "Saharan"),
        ("quy_Latn", "Quechuan"),
        ("ayr_Latn", "Aymaran"),
        ("gug", "Tupian"),
        ("khk_Cyrl", "Mongolic-Khitan"),
        ("eu", "Basque (isolate)"),
        ("ht", "Creoles and pidgins"),
        ("eo", "Constructed"),
        ("yo", "Atlantic-Congo"),
    ],
)
def test_families(tag: str, family: str) -> None:
    assert describe(tag).family == family


def test_a_language_that_nobody_wrote_a_family_down_for_has_none() -> None:
    sentinelese = describe("std")
    assert (sentinelese.name, sentinelese.family) == ("Sentinel", "")
