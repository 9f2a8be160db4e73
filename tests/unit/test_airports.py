"""data.airports: the table of the repository has every airport of the BTS, and a user's file adds to it."""

from __future__ import annotations

import csv
import runpy
import sys
import zipfile
import zoneinfo
from pathlib import Path

import pandas as pd
import pytest

from flight_delay.core.errors import UserError
from flight_delay.data.airports import AIRPORTS_FILE, RAW_AIRPORTS, read_airports, time_zones

REPOSITORY = Path(__file__).resolve().parents[2]
AIRPORTS = REPOSITORY / AIRPORTS_FILE
# Codes in on-time files of the BTS from 1987 to 2021.
BTS = """
ABE ABI ABQ ABR ABY ACK ACT ACV ACY ADK ADQ AEX AGS AKN ALB ALO ALS ALW AMA ANC ANI APF APN ART ASE ATL ATW ATY AUS AVL
AVP AZA AZO BDL BET BFF BFI BFL BFM BGM BGR BHM BIH BIL BIS BJI BKG BLI BLV BMI BNA BOI BOS BPT BQK BQN BRD BRO BRW BTM
BTR BTV BUF BUR BWI BZN CAE CAK CBM CCR CDB CDC CDV CEC CGI CHA CHO CHS CIC CID CIU CKB CLD CLE CLL CLT CMH CMI CMX CNY
COD COS COU CPR CRP CRW CSG CVG CWA CYS DAB DAL DAY DBQ DCA DDC DEC DEN DET DFW DHN DIK DLG DLH DRO DRT DSM DTW DUT DVL
EAR EAT EAU ECP EFD EGE EKO ELM ELP ENV ERI ESC EUG EVV EWN EWR EYW FAI FAR FAT FAY FCA FLG FLL FLO FMN FNL FNT FOD FOE
FSD FSM FWA GCC GCK GCN GEG GFK GGG GJT GLH GNV GPT GRB GRI GRK GRR GSO GSP GST GTF GTR GUC GUM HDN HGR HHH HIB HKY HLN
HNL HOB HOU HPN HRL HSV HTS HVN HYA HYS IAD IAG IAH ICT IDA IFP ILE ILG ILM IMT IND INL IPL IPT ISN ISO ISP ITH ITO IYK
JAC JAN JAX JFK JLN JMS JNU JST KOA KSM KTN LAN LAR LAS LAW LAX LBB LBE LBF LBL LCH LCK LEX LFT LGA LGB LIH LIT LMT LNK
LNY LRD LSE LWB LWS LYH MAF MAZ MBS MCI MCN MCO MCW MDT MDW MEI MEM MFE MFR MGM MHK MHT MIA MIB MKC MKE MKG MKK MLB MLI
MLU MMH MOB MOD MOT MQT MRY MSN MSO MSP MSY MTH MTJ MVY MWH MYR OAJ OAK OGD OGG OGS OKC OMA OME ONT ORD ORF ORH OTH OTZ
OWB OXR PAE PAH PBG PBI PDX PFN PGD PGV PHF PHL PHX PIA PIB PIE PIH PIR PIT PLN PMD PNS PPG PRC PSC PSE PSG PSM PSP PUB
PUW PVD PVU PWM RAP RCA RDD RDM RDR RDU RFD RHI RIC RIW RKS RNO ROA ROC ROP ROR ROW RST RSW SAF SAN SAT SAV SBA SBN SBP
SCC SCE SCK SDF SEA SFB SFO SGF SGU SHD SHR SHV SIT SJC SJT SJU SKA SLC SLE SLN SMF SMX SNA SOP SPI SPN SPS SRQ STC STL
STS STT STX SUN SUX SWF SWO SYR TBN TEX TKI TLH TOL TPA TRI TTN TUL TUP TUS TVC TVL TWF TXK TYR TYS UCA UIN USA UST UTM
VCT VEL VIS VLD VPS WRG WYS XNA XWA YAK YAP YKM YNG YUM
"""
# Old and new codes, and those of the FAA, of one airport or one town.
RENAMED = (
    "YUM NYL", "SCE UNV", "HHH HXD", "ISN XWA", "UST SGJ", "BKG BBG", "MQT SAW", "FCA GPI", "AZA IWA", "SPN GSN",
    "PFN ECP", "ILE GRK", "PLB PBG",
)  # fmt: skip


@pytest.fixture(scope="module")
def zones() -> dict[str, str]:
    return time_zones(read_airports(AIRPORTS))


def test_the_table_is_what_the_script_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["airports.py", str(tmp_path / "airports.csv")])
    runpy.run_path(str(REPOSITORY / "tools/airports.py"), run_name="__main__")
    assert (tmp_path / "airports.csv").read_bytes() == AIRPORTS.read_bytes()


def test_every_airport_has_one_row_and_a_zone_that_exists(zones: dict[str, str]) -> None:
    with AIRPORTS.open(encoding="utf-8") as file:
        codes = [row["faa"] for row in csv.DictReader(file)]
    assert codes == sorted(set(codes)) == list(zones)
    assert set(zones.values()) <= zoneinfo.available_timezones()


def test_every_airport_that_the_bts_has_used_is_there(zones: dict[str, str]) -> None:
    assert [code for code in BTS.split() if code not in zones] == []
    for codes in RENAMED:
        assert len({zones[code] for code in codes.split()}) == 1, codes


def test_every_airport_of_the_sample_and_of_the_package_is_there(zones: dict[str, str], package: Path) -> None:
    sample = pd.read_csv(REPOSITORY / "tests/data/allyears2k.csv.gz", usecols=["Origin", "Dest"])
    with zipfile.ZipFile(package / "flights.csv.zip") as archive, archive.open("flights.csv") as file:
        flights = pd.read_csv(file, usecols=["origin", "dest"])
    codes = {*sample["Origin"], *sample["Dest"], *flights["origin"], *flights["dest"]}
    assert codes - set(zones) == set()


@pytest.mark.parametrize(
    ("codes", "zone"),
    [
        ("IND FWA SBN LAF", "America/Indiana/Indianapolis"),
        ("EVV ORD OWB PAH FAR GFK MOT JMS DVL BIS ISN XWA", "America/Chicago"),
        ("SDF", "America/Kentucky/Louisville"),
        ("CVG LEX", "America/New_York"),
        ("PHX TUS YUM FLG IFP GCN", "America/Phoenix"),
        ("BOI TWF SUN", "America/Boise"),
        ("RAP DEN GJT DIK", "America/Denver"),
        ("SJU BQN PSE MAZ", "America/Puerto_Rico"),
        ("STT STX", "America/St_Thomas"),
        ("HNL OGG MKK LNY", "Pacific/Honolulu"),
        ("GUM", "Pacific/Guam"),
        ("SPN ROP", "Pacific/Saipan"),
        ("PPG", "Pacific/Pago_Pago"),
        ("ROR", "Pacific/Palau"),
        ("YAP", "Pacific/Chuuk"),
        ("ADK", "America/Adak"),
    ],
)
def test_airports_have_the_zone_of_their_county(zones: dict[str, str], codes: str, zone: str) -> None:
    assert {code: zones[code] for code in codes.split()} == dict.fromkeys(codes.split(), zone)


def test_airports_of_a_user_add_to_the_table_and_correct_it(zones: dict[str, str], tmp_path: Path) -> None:
    own = tmp_path / "airports.csv"
    own.write_text("faa,name,tzone\nQQQ,Nowhere,America/Puerto_Rico\nEWR,Newark,America/Chicago\n")
    airports = read_airports(AIRPORTS, own)
    assert airports.schema == RAW_AIRPORTS
    assert time_zones(airports) == {**zones, "QQQ": "America/Puerto_Rico", "EWR": "America/Chicago"}


@pytest.mark.parametrize(
    ("content", "pattern"),
    [
        ("faa,tz\nSJU,America/Puerto_Rico\n", "[^\n]*\\bfaa\\b[^\n]*\\btzone\\b"),
        ("faa,tzone\nSJU\n", "[^\n]*\\bfaa\\b[^\n]*\\btzone\\b"),
        ("faa,tzone\nSJU,\n", "[^\n]*\\bSJU: ''"),
        ("faa,tzone\n,America/Puerto_Rico\n", "[^\n]*airport : "),
    ],
)
def test_airports_of_a_user_that_cannot_be_used_are_named(tmp_path: Path, content: str, pattern: str) -> None:
    path = tmp_path / "airports.csv"
    path.write_text(content)
    with pytest.raises(UserError, match=f"{path}: {pattern}") as refused:
        read_airports(AIRPORTS, path)
    assert len(str(refused.value).splitlines()) == 1
