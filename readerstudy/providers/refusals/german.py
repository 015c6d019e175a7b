"""German patterns."""

# ruff: noqa: E501 - one pattern stays on one line: wrapped, two of them can no longer be compared by eye
from __future__ import annotations

from readerstudy.providers.refusals.language import Language, one_of, words
from readerstudy.providers.refusals.more_terms import GERMAN_TERMS

_SPEAKER = r"\b(?:ich|mir|mich|wir|uns|mein\w*|dieser assistent|als (?:ki|sprachmodell|assistent\w*))\b"
_NO = r"\b(?:nicht|nichts|kein\w*|nie|niemals|unmöglich|außerstande|ausserstande|ungern|weder|ablehnen|verzichte\w*|lehne|weigere|verweiger\w*|absehen|unterlass\w*)\b"
_TASK = (
    r"\b(?:\w*interpretier\w*|\w*interpretation\w*|\w*befund(?:en|ung|ungen)\b|diagnos\w*|ferndiagnos\w*|\w*aus(?:zu)?wert\w*|helfen|weiterhelfen|behilflich|hilfe|analys\w*|bildanaly\w*"
    r"|auskunft|auskünfte|unterstütz\w*|stellung\w*|äußer\w*|kommentier\w*|beantwort\w*|ein(?:zu)?schätz\w*|deut(?:en|ung)|begutacht\w*|beurteilung\w*|bewertung\w*"
    r"|ratschl\w*|meinung\w*|dienen|benennen|festleg\w*|angaben?|nachkommen|entsprechen|sagen?|tun|machen|leisten|beratung\w*|ein(?:stufung|ordnung|teilung)\w*|aussage\w*|urteil\w*)\b"
)
_ABOUT = r"\b(?:bild\w*|aufnahme\w*|foto\w*|röntgen\w*|\w*scans?|\w*untersuchung\w*|ct|mrt|anfrage\w*|frage\w*|das|dies\w*|dazu|hierzu|dabei|daran|darüber|solche\w*|medizinisch\w*|ärztlich\w*|inhalt\w*|fall)\b"
_WEAK = r"\b(?:beurteilen|bewerten|beschreib\w*|verarbeiten|lesen|klassifizier\w*|ein(?:zu)?ordnen|prüfen|betrachten|anschauen|ansehen|ein(?:zu)?stufen|bearbeiten|untersuchen)\b"

GERMAN = Language(
    code="de",
    refuses=one_of(
        (
            rf"^(?=.*{_SPEAKER})(?=.*{_NO})(?=.*{_TASK})(?!.*\b(?:ausschließen|abgrenzen|erkennen|sehen|nachweisen)\b)",
            rf"^(?=.*{_SPEAKER})(?=.*{_NO})(?=.*{_WEAK})(?=.*{_ABOUT})",
            r"\b(?:außerhalb|jenseits|über(?:steigt|schreitet)|übersteigt|geht über|sprengt|liegt nicht in|fällt nicht in|nicht (?:teil|bestandteil|innerhalb))\b.*\b(?:mein\w*|unser\w*|möglichkeiten|fähigkeiten|kompetenz\w*|befugnis\w*|aufgabe\w*|was ich)\b",
            r"\b(?:meine|unsere|die|interne) (?:\w+ )?(?:richtlinien|vorgaben|regeln|nutzungs\w*|vorschriften|programmierung|sicherheits\w*|bestimmungen|grundsätze|einschränkungen|entwickler)\b.*\b(?:nicht|verbieten|untersagen|verhindern|hindern|kein\w*|ausgeschlossen|lassen)\b",
            r"\b(?:es ist|das ist|ist) mir\b.*\b(?:nicht|leider|untersagt|verboten|verwehrt|unmöglich)\b",
            r"\b(?:ich|wir)\b.*\b(?:lehne|verzichte|weigere|enthalte|muss .*ablehnen|möchte .*ablehnen|passe|sehe davon ab)\b",
            r"\b(?:nicht|kein\w*)\b.*\b(?:meine aufgabe|meine rolle|mein gebiet|mein bereich|etwas, (?:das|was) ich)\b",
            r"\b(?:diese|die|ihre|deine) (?:anfrage|bitte|aufgabe)\b.*\b(?:nicht|abgelehnt|verweigert)\b",
            r"\b(?:diagnosen?|befunde?|interpretationen?|auswertungen?|medizinische bilder)\b.*\b(?:werden|wird|sind|ist|dürfen|darf)\b.*\b(?:nicht|keine)\b.*\b(?:hier|von mir|durch mich|gestellt|angeboten|erstellt|bewertet|interpretiert|erlaubt|gestattet|möglich)\b(?!.*\bwegen\b)",
            r"\baus (?:\w+ )?(?:datenschutz|sicherheits|ethischen|rechtlichen|haftungs)\w*\b.*\b(?:nicht|kein\w*)\b",
            r"\b(?:muss|möchte|werde) (?:ich|wir)\b.*\bablehnen\b|\bfalsche\w* (?:ansprechpartner|adresse)\b",
            r"\blieber (?:nicht|keine\w*)\b|\bkein kommentar\b",
        )
    ),
    refuses_if_bare=one_of(
        rf"^(?=.*{_SPEAKER})(?=.*{_NO})(?=.*\b(?:diagnos\w*|\w*stufung|\w*ordnung|grad\w*|stadium|beurteilung\w*|bewertung\w*|deutung\w*|interpretation\w*|befund\w*|ursache)\b)"
    ),
    balks=one_of(
        r"^(?!.*\b(?:sehe|sehen|erkenne|erkennen|finde|finden|ausschließen|abgrenzen|nachweisen)\b)(?=.*\b(?:ich|mir|mich|mein\w*|wir|uns)\b)(?=.*\b(?:nicht|kein\w*|lehne|ablehn\w*|falsch\w*|ungern|lieber|außerhalb|jenseits|untersagt|verzichte|nichts|unmöglich|verwehrt|überfordert|passen)\b)"
    ),
    refuses_a_part=one_of(
        rf"^(?=.*{_SPEAKER})(?=.*{_NO})(?=.*\b(?:zweite\w*|andere\w*|übrige\w*|weitere\w*|dritte\w*|rest\w*|stadium|schweregrad\w*|einstufung\w*|klassifikation\w*|klassifizier\w*|therapie\w*|behandlung\w*|prognose\w*|ursache\w*)\b)(?=.*(?:{_TASK}|{_WEAK}|\b(?:geben|nennen|angeben|machen|festlegen)\b))"
    ),
    withholds=one_of(
        r"\b(?:abgelehnt|ablehn\w*|lehne|verweiger\w*|zurückgehalten|keine (?:angaben?|auskunft|aussage)|ausgelassen|enthalte|enthaltung|nicht (?:erlaubt|gestattet|zulässig|befugt|angegeben|erteilt)|darf (?:ich )?nicht)\b"
    ),
    disclaims=one_of(
        (
            r"\bkeine?n? (?:approbierte\w* |echte\w* |zugelassene\w* )?(?:arzt|ärztin|radiolog\w*|mediziner\w*|facharzt|fachärztin|fach\w+|dermatolog\w*|augenarzt|experte|expertin)\b",
            r"\b(?:nicht|kein\w*)\b.*\b(?:ersetz\w*|ersatz|ersetzt)\b|\b(?:ersetzt|ersetzen)\b.*\b(?:nicht|kein\w*)\b",
            r"\bkeine (?:\w+ )?(?:medizinische|ärztliche|verbindliche|endgültige|definitive|gesicherte|sichere|professionelle|abschließende) \w+",
            r"\b(?:nur|lediglich|bloß)\b.*\b(?:einschätzung|eindruck|orientierung|information\w*|vermutung|hinweis\w*|meinung|vorläufig\w*)\b",
            r"\bals (?:ki|sprachmodell|künstliche|reine ki|assistent|computerprogramm)\b(?!-| generiert\w*| erzeugt\w*)",
            r"\b(?:muss|müssen|müsste|sollte|sollten|soll|bitte)\b.*\b(?:von|durch|ärztlich|fachärztlich|arzt|ärztin|radiolog\w*)\b.*\b(?:bestätig\w*|überprüf\w*|geprüft|gegenlesen|verifizier\w*|bestätigen|validier\w*)\b",
            r"\b(?:unter vorbehalt|ohne gewähr|ohne anspruch auf|mit vorsicht|unverbindlich\w*|vorläufig\w*|allgemeine information\w*|informationszweck\w*|irren|täuschen kann)\b",
            r"\bohne (?:kenntnis|zugang|zugriff|die|klinische)\b.*\b(?:vorgeschichte|anamnese|klinik|voraufnahmen|angaben|patient\w*|krankengeschichte)\b",
            r"\b(?:keine|keinen) (?:zugriff|zugang|kenntnis|einblick)\b",
            r"\b(?:bestätig\w*|überprüf\w*|geprüft)\b.*\b(?:muss|müssen|sollte|sollten)\b",
            r"\bverlass\w* sie sich nicht\b|\b(?:ich )?(?:kann|könnte) mich (?:auch )?(?:irren|täuschen)\b|\berste[rn]? eindruck\b",
            r"\b(?:sicher|endgültig|gewissheit)\b.*\bnur (?:die|eine|der|ein)\b",
        )
    ),
    disclaims_if_bare=one_of(
        r"^(?=.*\b(?:diagnos\w*|beurteilung|ratschlag|beratung|gewähr|garantie\w*|fehler\w*|irrtum|ki|verlass\w*|vertrau\w*|sicher\w*|eindeutig\w*)\b)(?=.*\b(?:nicht|kein\w*|nur|bitte|beachten|ohne|stets|vorsicht\w*)\b)"
    ),
    sends_away=one_of(
        (
            words(
                """arzt ärzte ärztin ärztinnen ärzten arztes hausarzt* facharzt* fachärzt* augenarzt* augenärzt* hautarzt* hautärzt* *klinik* zahnarzt* zahnärzt* radiologen radiologe radiologin* radiologisch* dermatologe* dermatologin* dermatologisch*
                ophthalmolog* pathologe* pathologin* neurologe* neurologin* chirurg* orthopäd* kardiologe* kardiologin* spezialist* fachperson* fachleute* fachkraft fachkräfte* mediziner* experte* klinik*
                krankenhaus* termin* praxis sprechstunde* ambulanz notaufnahme ärztlich* fachärztlich* fachabteilung* fachmann"""
            ),
        )
    ),
    advises=one_of(
        r"\b(?:sollte\w*|wenden|aufsuchen|suchen|abklären|abgeklärt|abklärung|vereinbar\w*|konsultier\w*|lassen|empfehl\w*|rate|raten|bitte|zeigen|gehört|gehören|vorstell\w*|sprechen|fragen|überlass\w*|sache|am besten|hand|hände|muss|müssen|beurteil\w*|zuständig|besprechen|holen)\b"
    ),
    teaches=one_of(
        (
            r"\b(?:im allgemeinen|allgemein|in der regel|typischerweise|üblicherweise|häufig|meist|meistens|gewöhnlich|normalerweise|oft)\b",
            r"\b(?:steht für|bezeichnet|man unterscheidet|versteht man|gekennzeichnet|dient|dienen|wird (?:definiert|verwendet|eingesetzt|eingeteilt)|werden (?:eingeteilt|unterschieden|verwendet)|beruht auf|bedeutet|gehört zu den)\b",
            r"^\W*[\w\s()-]{2,60}? (?:ist|sind) (?:ein|eine|einer|die|das|der) (?:[\w,-]+ ){0,4}?(?:\w*erkrankung\w*|\w*verfahren|methode\w*|technik\w*|\w*entzündung\w*|\w*tumor\w*|\w*infektion\w*|\w*untersuchung\w*|form|art|krankheit\w*|abkürzung)\b",
            r"^\W*(?:die |das |eine )?\w+(?:gra(?:ph|f)ie|metrie|skopie)\b (?:nutzt|misst|verwendet|arbeitet|erzeugt)\b|^\W*(?:ein |eine )?\w+ (?:liest|befundet|beurteilt) man\b",
            r"\b(?:anzeichen|symptome|ursachen|zeichen|stadien|merkmale) (?:einer|eines|für|von|sind|der)\b",
        )
    ),
    here=one_of(
        r"\b(?:hier|dieses bild|diesem bild|dieser aufnahme|diese aufnahme|dieses röntgen\w*|rechts\w*|links\w*|rechte\w*|linke\w*|zu sehen|zeigt(?! sich als)|zeigen sich|man sieht|sichtbar|erkennbar|am ehesten|vorliegend\w*)\b"
    ),
    finds=one_of(
        (
            words(GERMAN_TERMS),
            words(
                """lunge* lungen* *infiltrat* *erguss *ergüsse *pneumothorax herz* *verschattung* atelektase* *rundherd* *knoten oberlappen* unterlappen* mittellappen* zwerchfell* rippe* *fraktur*
                *bruch luxation* mediastin* hilus* hilär* aort* makula* papille* netzhaut* mikroaneurysm* *exsudat* *blutung* drusen hornhaut* linse* glaskörper* *exkavation* *läsion* nävus
                nävi *melanom* *karzinom* tumor* *metastas* *zyste* leber* niere* milz* gallen* *hirn* ventrikel* *infarkt* *ödem* *verkalk* *stauung* randscharf* hyperdens* hypodens* hyperintens*
                hypointens* echoarm* echoreich* gelenk* knochen* *arthrose* *entzünd* abszess* hämatom* glaukom* katarakt* *retinopathie* *pneumonie* tuberkul* *emphysem* *fibrose* unauffällig* auffälligkeiten kaverne* gürtelrose *pilz* tuberkulose* regelrecht* randwinkel* raumforderung* hirnvolumen*
                pigment* schupp* *bläschen *blasen gerötet* rötung* papel* plaque* zahn zähne zahnwurzel* karies mitose* *zellkern* zellkerne stroma* epithel* *randsaum begrenz* auffäll* befall* *herde *herd weichteil*
                sinus pleura* thoraxbefund kardiomegalie *vergrößer* *verdick* *verdicht* *verschmäler* *konsolidierung* gefäß* drüsen* zellen wucherung* synthetisch* echt* unscharf* scharf*"""
            ),
            r"\b\w{3,}(?:iom|xom|nom|kulom|lipom|phom|rkom|astom|inom)e?\b",
            r"\bkein(?:e|en)? (?:nachweis|hinweis|anhalt)\w*",
        )
    ),
    classifies=one_of(
        r"\b(?:sieht nach|spricht für|sprechen für|passt zu|vereinbar mit|sieht aus wie|verdacht auf)\b|\b(?:röntgen\w*|aufnahme|bild|foto|ct|mrt|ekg)\W+(?:\w+ )?(?:echt|synthetisch|unauffällig|auffällig|normal)\w*\b|\b(?:normale\w*|unauffällige\w*|echte\w*|synthetische\w*) (?:röntgen\w*|aufnahme|bild|foto|ct|mrt|ekg|befund)\w*\b|\b(?:ist|wirkt|scheint|erscheint|klassifikation|klasse)\W{1,3}(?:eine? )?(?:echt|real|synthetisch|künstlich|generiert|normal|auffällig|unauffällig)\w*\b|\b(?:grad|stadium|typ)\W{0,2}(?:[0-5]|i{1,3}v?|iv)\b"
    ),
    diagnoses=one_of(
        words(
            """*pneumonie* *melanom* *karzinom* *krebs* *tumor* *metastas* lymphom* glaukom* katarakt* *retinopathie* *degeneration keratitis tuberkul* sarkoidose *infarkt* *hämatom* *abszess*
            *itis *arthrose* osteoporose psoriasis schuppenflechte ekzem* *fibrose *emphysem *embolie *insuffizienz *ödem *atelektase unauffällig* normalbefund normal* zyste* *fraktur* nävus
            *entzündung* karies abszess"""
        )
    ),
    concludes=one_of(
        r"\b(?:am ehesten|wahrscheinlich\w*|vermutlich|spricht für|sprechen für|verdacht\w*|verdächtig\w*|passend zu|passt zu|vereinbar|vereinbar mit|hinweis auf|deutet|deuten|diagnose:|beurteilung:|i\. ?s\. ?\w+|im sinne|typisch für|entspricht|lautet)\b"
    ),
    looks=one_of(
        r"\b(?:gut|bös)artig oder (?:gut|bös)artig\b|\becht oder \w+|\b(?:(?:ein|eine|einer|eines|einem|das|die|der|dieses|dieser|diese|medizinische\w*|radiologische\w*)\s+){0,3}(?:röntgen\w*|ct\w*|mrt\w*|aufnahme\w*|bild\w*|foto\w*|thorax\w*bild|fundus\w*|netzhaut(?:bild|foto|aufnahme)\w*|hautbild|hautfoto\w*|ultraschall\w*|hautveränderung\w*|schnittbild\w*|scan\w*|mammographie|präparat)(?: (?:des|der|vom|von) (?:thorax|brustkorb\w*|schädels|kopfes|lunge|auges|haut|knies|hand|netzhaut|augenhintergrund\w*))?\b"
    ),
    lacks_image=one_of(
        (
            r"\b(?:kein\w*) (?:\w+ ){0,2}(?:bild|aufnahme|foto|anhang|datei|röntgenbild)\w*\b.*\b(?:angehäng\w*|angehängt|beigefügt|erhalten|vorhanden|sehen|sehe|hochgeladen|übermittelt|da|gefunden|vor|enthalten)\b|\b(?:sehe|erhalten|finde|habe)\b.*\bkein\w* (?:\w+ ){0,2}(?:bild|aufnahme|foto|anhang|datei)\w*",
            r"\b(?:bitte|können sie|könnten sie|kannst du)\b.*\b(?:lad\w*|hochlad\w*|schick\w*|send\w*|füg\w*|anhäng\w*|übermittel\w*|stell\w*)\b.*\b(?:bild|aufnahme|foto|datei|hoch|erneut|es|sie|bei|an)\b",
            r"\b(?:bild|aufnahme|datei|anhang)\b.*\b(?:wurde nicht|nicht übertragen|fehlt|nicht geladen|nicht angekommen|konnte nicht|ist leer|nicht hochgeladen)\b",
        )
    ),
    asks_back=one_of(
        r"\b(?:was|welche\w*|wie|wo|wann|wer|könnten|können|möchten|soll|haben|ist|sind|kannst)\b[^?]*\?\s*$|\bbitte (?:teilen sie mir|sagen sie mir|nennen sie|geben sie mir|beschreiben sie)\b"
    ),
    echoes=one_of(
        r"^\W*(?:du bist|sie sind ein|beschreibe|beschreiben sie|klassifiziere|nenne|deine aufgabe|aufgabe:|frage:)\b"
    ),
    sets_aside=one_of(
        r"\b(?:wenn sie|falls sie|sollten sie|gerne? (?:kann|erkläre|helfe)|kann ich (?:ihnen )?(?:gerne|allgemein\w*)|allgemeine (?:fragen|informationen|auskünfte)|ihre (?:gesundheit|beschwerden|symptome)|vielen dank|danke|ich verstehe|sorgen machen)\b"
    ),
)
