"""The words on the screens: those a person would expect, made-up ones, and those kept aside.

A word whose digest falls on `KEPT_ASIDE` is never trained, whatever it was drawn from, so that
"words never trained" means the same in every run.
"""

from __future__ import annotations

import hashlib
import random
import string
from functools import cache

KNOWN = """Save Open Close Cancel OK Apply Delete Edit Copy Paste Cut Undo Redo Print Search Find
Replace Help About Settings Options File View Insert Format Tools Window New Exit Quit Login Logout
Register Submit Send Reply Forward Archive Spam Inbox Drafts Trash Home Back Next Previous Refresh
Reload Stop Start Pause Play Record Mute Volume Zoom Fit Rotate Crop Resize Share Export Import
Download Upload Install Remove Update Upgrade Add Create Rename Move Select Clear Reset Restore
Backup Sync Connect Disconnect Enable Disable Lock Unlock Show Hide Expand Collapse Filter Sort
Group Merge Split Compare Preview Publish Profile Account Password Username Email Phone Address Name
Date Time Calendar Contacts Messages Photos Music Videos Documents Pictures Desktop Network Printer
Camera Battery Display Sound Keyboard Mouse Privacy Security General Advanced Language Region Theme
Font Color Size Layout Left Right Center Bold Italic Underline Table Chart Image Link Comment Review
Accept Reject Yes No Continue Finish Cart Checkout Buy Pay Order""".split()

_MORE = """Title Subject Message Body Street City Country State Zip Company Department Project Task
Owner Status Priority Category Tags Notes Description Summary Details Amount Price Total Quantity
Discount Tax Currency Invoice Payment Customer Supplier Product Number Code Version Type Kind Mode
Level Score Rating Position Width Height Depth Weight Speed Distance Latitude Longitude Temperature
Author Publisher Year Month Week Day Hour Minute Second First Last Middle Upper Lower Inner Outer
Server Port Host Path Folder Directory Drive Disk Memory Processor Thread Process Service Session
Query Report Result Error Warning Notice Alert Event Log Trace Debug Test Build Run Deploy Release
Branch Commit Push Pull Fetch Clone Issue Milestone Wiki Graph Node Edge Layer Channel Mask Brush
Pencil Eraser Bucket Gradient Shadow Border Margin Padding Align Justify Indent Bullet Heading Page
Header Footer Section Chapter Index Glossary Appendix Figure Caption Footnote Bookmark History
Favorites Popup Cookie Cache Proxy Plugin Extension Script Macro Shortcut Gesture Pointer Wheel
Brightness Contrast Saturation Hue Opacity Blur Sharpen Noise Grain Exposure Balance Curve Histogram
Accounts Billing Plans Members Teams Roles Guests Admin Owners Backups Tokens Keys Secrets Webhooks
Anna Ben Clara David Emma Felix Greta Hugo Ida Jonas Karin Leon Mia Nils Olga Paul Quentin Rosa Sam
Tina Ulla Victor Wanda Xaver Yara Zoe Berlin Paris Rome Madrid Oslo Vienna Lisbon Dublin Prague Bern
apples bread butter carrots cheese coffee dates eggs figs grapes honey juice kiwis lemons milk nuts
olives onions pears plums rice salt soup sugar tea tomatoes water yogurt garden kitchen window river
mountain forest bridge station market museum library school office hospital airport harbour village
blue green orange purple silver golden quick slow large small bright dark empty full early late
""".split()

_FOREIGN = """Datei Bearbeiten Ansicht Suchen Extras Fenster Hilfe Öffnen Schließen Speichern
Abbrechen Löschen Einfügen Kopieren Ausschneiden Rückgängig Drucken Beenden Einstellungen Ordner
Übernehmen Zurücksetzen Löschvorgang Größe Schrift Farbe Hintergrund Vorschau Größer Kleiner Zurück
Weiter Fertig Anmelden Kennwort Straße Vollständig Ungültig Neu Umbenennen Lesezeichen Verlauf
Werkzeug Allgemein Erweitert Anzeigen Ausblenden Wählen Hinzufügen Entfernen Verschieben Dateityp
Fichier Édition Affichage Rechercher Fenêtre Aide Ouvrir Fermer Enregistrer Annuler Supprimer
Coller Copier Couper Rétablir Imprimer Quitter Préférences Dossier Appliquer Réinitialiser Taille
Police Couleur Aperçu Précédent Suivant Terminé Connexion Mot Passe Créer Déplacer Renommer Modèle
Archivo Edición Ver Buscar Herramientas Ventana Ayuda Abrir Cerrar Guardar Cancelar Eliminar Pegar
Copiar Cortar Deshacer Imprimir Salir Opciones Carpeta Aplicar Tamaño Fuente Color Año Atrás
Siguiente Contraseña Añadir Crear Mover Seleccionar Página Configuración Información""".split()

# What the keys of a calculator, of a telephone or of a small tool bar say.
_SHORT_LABELS = """0 1 2 3 4 5 6 7 8 9 + - = / * . , ( ) % ± × ÷ C CE AC MC MR MS M+ M- <- -> < >
<< >> ? ! # @ B I U S X Y Z A Aa ab ^ ^2 x² 1/x sin cos tan log ln exp sqrt pi e n! mod EE inv
hyp deg rad hex oct bin and or xor not lsh OK No Go Up On Off""".split()

_ONSETS = "b br c ch cl d dr f fl g gr h j k kl l m n p pl qu r s sh st t th tr v w x y z".split()
_VOWELS = "a e i o u ai ea ee ou ie y".split()
_ENDS = ["", "", "n", "r", "s", "t", "l", "m", "ck", "nd", "ng", "st", "x"]
_MARKS = "0123456789.-_+#%/:…"
_SUFFIXES = ".txt .pdf .png .csv .md .py .odt .zip".split()

_SENTENCE = 24  # characters: longer labels are sentences
KEPT_ASIDE = 0
_OF = 16
KEPT_WORDS = """Harvest Lantern Compass Thimble Orchard Velvet Glacier Pebble Walnut Saffron Quartz
Juniper Meadow Anchor Feather Copper Bishop Tunnel Hammer Ribbon Cactus Dragon Fossil Goblet Hinge
Kettle Magnet Nectar Oyster Parrot Raisin Saddle Teapot Urchin Vortex Wizard Yonder Zipper Blanket
Cabinet Dolphin Emerald Furnace Gazelle Hamster Jasmine Lobster Mustard Octopus Penguin Sandal
Timber Violet Whistle Almond Beacon Candle Dagger Falcon Garlic""".split()


def is_kept_aside(word: str) -> bool:
    """Whether a word, however it is written, is only ever judged with."""
    plain = word.lower().strip()
    if plain in _kept():
        return True
    return plain not in _known() and hashlib.sha1(plain.encode()).digest()[0] % _OF == KEPT_ASIDE


@cache
def _kept() -> frozenset[str]:
    return frozenset(word.lower() for word in KEPT_WORDS)


@cache
def _known() -> frozenset[str]:
    return frozenset(word.lower() for word in (*KNOWN, *_MORE, *_FOREIGN))


def made_up(rng: random.Random) -> str:
    """A word that nobody has seen: syllables, sometimes plain letters, digits or a file's name."""
    draw = rng.random()
    if draw < 0.62:
        count = rng.choice((1, 2, 2, 2, 3))
        word = "".join(
            rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_ENDS) for _ in range(count)
        )
    elif draw < 0.82:
        word = "".join(rng.choices(string.ascii_lowercase, k=rng.randint(3, 9)))
    elif draw < 0.9:
        word = "".join(rng.choices(string.ascii_letters + _MARKS, k=rng.randint(2, 7)))
    elif draw < 0.95:
        return str(rng.randrange(10 ** rng.randint(1, 5)))
    else:
        word = rng.choice(_ONSETS) + rng.choice(_VOWELS) + rng.choice(_ENDS) + rng.choice(_SUFFIXES)
    case = rng.random()
    if case < 0.55:
        return word[0].upper() + word[1:]
    return word.upper() if case < 0.63 and len(word) < 7 else word


def label(rng: random.Random, *, pool: str = "train", longest: int = 18) -> str:
    """What an element is called: one to three words.

    `pool` is "train" (known and made-up words), "known", or "kept" (never trained). Where there is
    room for more than 24 characters, up to five words.
    """
    while True:
        count = rng.choices((1, 2, 3), (0.72, 0.23, 0.05))[0]
        if longest > _SENTENCE:
            count = rng.randint(2, 5)
        words = [_word(rng, pool) for _ in range(count)]
        if rng.random() < 0.3:
            words = [words[0], *(word.lower() for word in words[1:])]
        text = " ".join(words)
        if pool == "train" and rng.random() < 0.04:
            text += rng.choice(("…", "...", ":", "!", "?"))
        if 1 < len(text) <= longest:
            return text


def short_labels(rng: random.Random, count: int, taken: set[str]) -> list[str]:
    """What the keys of a calculator say, at most so many; adds them to what is taken."""
    free = [one for one in _SHORT_LABELS if one.lower() not in taken and rng.random() < 0.6]
    chosen = list({one.lower(): one for one in free}.values())[:count]
    taken |= {one.lower() for one in chosen}
    if rng.random() < 0.5:
        rng.shuffle(chosen)
    return chosen


def short_label(rng: random.Random) -> str:
    """One of them."""
    return rng.choice(_SHORT_LABELS)


def _word(rng: random.Random, pool: str) -> str:
    if pool == "known":
        return rng.choice(KNOWN)
    while True:
        if pool == "kept":
            word = rng.choice(KEPT_WORDS) if rng.random() < 0.5 else made_up(rng)
            if is_kept_aside(word):
                return word
            continue
        draw = rng.random()
        if draw < 0.52:
            word = rng.choice(KNOWN if draw < 0.36 else _MORE)
        else:
            word = rng.choice(_FOREIGN) if draw < 0.62 else made_up(rng)
        if not is_kept_aside(word):
            return word


def typed_text(rng: random.Random) -> str:
    """What is to be written into a field: words, a number, an address."""
    draw = rng.random()
    if draw < 0.6:
        return label(rng, longest=16)
    if draw < 0.8:
        return str(rng.randrange(10 ** rng.randint(1, 6)))
    return f"{made_up(rng).lower()}@{made_up(rng).lower()}"[:16]
