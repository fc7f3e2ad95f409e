"""Questions in German, French and Spanish, word by word in English: enough to see what they ask for. Pure.

Rule: only a text with words that no English one holds is touched; what is not in the table stays as it is.
"""

import re

_OTHER_TONGUE = re.compile(
    r"[äöüßàâçèéêëîïôûñ¿¡íóú]|\b(?:warum|wieso|weshalb|ist|sind|nicht|wurde|welche[rsmn]?|wer|wie|gibt|funktioniert|geht|muss|ich|dois|tengo|erfolgreich|verbindung|anmeldung"
    r"|pourquoi|est|sont|quel(?:le)?s?|combien|les?|por que|est[ao]|funciona|cual(?:es)?|quien|hay|cuantos)\b",
    re.IGNORECASE,
)
_TABLE = (
    # sentences before words
    (r"was (?:ist|läuft) (?:hier )?(?:los|passiert)|was passiert|que se passe(?:-t-il)?|qué (?:pasa|ocurre)",
     "what is going on"),
    (r"(?:geht|funktioniert|klappt|lädt|läuft) (?:\w+ ){0,4}nicht|ne (?:marche|fonctionne|charge) pas"
     r"|no (?:funciona|carga|va)", "does not work"),
    (r"antworte(?:t|n) (?:\w+ ){0,2}nicht|ne r[eé]pond(?:ent)? (?:pas|plus)|no responden?", "does not answer"),
    (r"in ordnung|tout va bien|est-ce que tout|todo bien", "ok"),
    (r"was (?:muss|kann|soll) ich|que dois-je|qué (?:tengo que|debo)", "what must i"),
    (r"wer muss (?:etwas )?(?:tun|machen|handeln)|qui doit agir|quién debe actuar", "who must act"),
    (r"warum|wieso|weshalb|pourquoi|por qu[eé]", "why"),
    (r"wie viele?|combien(?: de)?|cu[aá]nt[oa]s?", "how many"),
    (r"wie lange|combien de temps|cu[aá]nto tiempo", "how long"),
    (r"wie schnell", "how fast"),
    (r"welche[rsmn]?|quel(?:le)?s?|cu[aá]l(?:es)?|qué", "which"),
    (r"wer|wem|wen|qui(?:é|e)n|qui", "who"),
    (r"wann|quand|cu[aá]ndo", "when"),
    (r"wurden?|war(?:en)?|était|fue", "was"),
    (r"ist|sind|est(?:-ce)?|sont|est[aá]n?", "is"),
    (r"kann|peut|puede", "can"),
    (r"gibt es|y a-t-il|hay", "is there"),
    (r"langsam\w*|lent(?:e|o|a|s)?|tr[aä]ge", "slow"),
    (r"verschlüsselt\w*|chiffrée?s?|cifrad[oa]s?", "encrypted"),
    (r"pass(?:w|)ort|kennwort|mots? de passe|contraseñas?", "password"),
    (r"anmeldung|angemeldet|einloggen|connecter|iniciar sesión|inicio de sesión", "login"),
    (r"erfolgreich|réussie?|exitos[oa]", "successful"),
    (r"abgelehnt|refusée?s?|rechazad[oa]", "refused"),
    (r"blockiert\w*|bloquée?s?|bloquead[oa]|bloque[oa]?", "blocked"),
    (r"verloren|verlust\w*|paketverlust|perdus?|pertes?|pérdidas?", "lost"),
    (r"pakete?n?|paquets?|paquetes?", "packets"),
    (r"verbindung(?:en)?|connexions?|conexi(?:ón|ones)", "connection"),
    (r"seite|pages?|página|sitio", "page"),
    (r"netzwerk|netz|réseau|red", "network"),
    (r"servidor(?:es)?|serveurs?", "server"),
    (r"zertifikat\w*|certificats?|certificados?", "certificate"),
    (r"abgelaufen|expirée?s?|expirad[oa]|caducad[oa]", "expired"),
    (r"namensauflösung|résolution de noms?|resolución de nombres", "name resolution"),
    (r"fehler\w*|problem(?:e|a|as)?|erreurs?|problèmes?|fallos?|errores|falla", "problem"),
    (r"schuld|responsable|(?:la )?faute|culpa(?:ble)?", "to blame"),
    (r"beendet|geschlossen|fermée?|terminée?|cerr(?:ó|ado)|cort[oóa]\w*", "closed"),
    (r"angriff\w*|angegriffen|attaques?|ataques?", "attack"),
    (r"antwortet|antworten|répond(?:re)?|responden?", "answer"),
    (r"kontaktiert|contactée?s?|contactad[oa]s?", "contacted"),
    (r"besucht|visitée?s?|visitad[oa]s?", "visited"),
    (r"werden|ont été|fueron|se", "are"),
    (r"perdieron", "lost"),
    (r"der|die|das|dem|den|ein(?:e[nmr]?)?|le|la|les|une?|el|los|las", "the"),
    (r"tun|machen|ändern|faire|changer|hacer|cambiar", "change"),
    (r"de|du|des|von|vom|del", "of"),
    (r"nicht|kein\w*|pas|nunca|sin", "not"),
)  # fmt: skip
_WORDS = tuple(
    (re.compile(rf"(?<![\w@])(?<!\w\.)(?:{words})(?!\w|\.\w|@)", re.IGNORECASE), english) for words, english in _TABLE
)


def in_english(text: str) -> str:
    """Return the question with the words that are known in English, where it is in another language."""
    if not _OTHER_TONGUE.search(text):
        return text
    for words, english in _WORDS:
        text = words.sub(english, text)
    return text
