"""Last labels of names that are the same everywhere: public suffixes, names reserved for local use, kinds of files.

Any other last label may be the network's own (`mail.acme`), and tells of it. Two letters are a country.
"""


def _labels(words: str) -> frozenset[str]:
    return frozenset(words.split())


_GENERIC = _labels(
    "com net org edu gov mil int biz info name pro mobi travel jobs tel coop aero museum cat asia post eco bank"
    " app dev io ai cloud online site website shop store tech xyz blog page web host hosting email systems solutions"
    " services agency digital network software company group global world life live media news today center top club"
    " vip work works space link click one fun zone run wiki academy school university health"
)
_RESERVED = _labels(
    "arpa test example invalid localhost local onion alt internal home lan corp intranet localdomain private"
    " workgroup domain"
)
"""RFC 6761, 6762, 7686, 8375 and 9476, `internal` (ICANN 2024), and what routers and handbooks call a network."""
_FILES = _labels(
    "txt pdf doc docx xls xlsx ppt pptx odt ods csv tsv log json xml yaml yml ini conf cfg toml html htm xhtml css js"
    " php asp aspx jsp cgi zip gz tgz bz2 xz tar rar iso img bin exe dll msi cab sys lnk jar war deb rpm apk pkg dmg"
    " png jpg jpeg gif svg bmp ico webp tif tiff mp3 mp4 m4a avi mkv mov wav ogg flac webm sql bak tmp dat pem crt cer"
    " key csr pfx p12 der pcap pcapng cap eml msg ics vcf torrent"
)
_OF_FIELDS = _labels("name host domain network group link app services software global life tel int alt")
"""What fields of tshark end with as well (http.host)."""
COUNTRY_LETTERS = 2


def is_public(label: str) -> bool:
    """Return whether a label at the end of a name, in any case of letters, tells of no network in particular."""
    small = label.lower()
    country = len(small) == COUNTRY_LETTERS and small.isascii() and small.isalpha()
    return country or small in _GENERIC or small in _RESERVED or small in _FILES


def is_of_domain(label: str) -> bool:
    """Return whether only names of hosts end with it: no country, no kind of file, nothing that a field is called."""
    small = label.lower()
    return small not in _OF_FIELDS and (small in _GENERIC or small in _RESERVED)
