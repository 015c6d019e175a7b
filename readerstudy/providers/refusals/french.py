"""French patterns."""

# ruff: noqa: E501 - one pattern stays on one line: wrapped, two of them can no longer be compared by eye
from __future__ import annotations

from readerstudy.providers.refusals.language import Language, one_of, words
from readerstudy.providers.refusals.more_terms import FRENCH_TERMS

_UNABLE = (
    r"(?:\b(?:je|nous) (?:ne |n')(?:me |vous |te |suis |sommes )?(?:peux|peut|pouvons|saurais|suis|serai|pourrai|pourrais|dois|devrais|vais|veux|souhaite|fournis|donne|pose|fais|réalise|propose|offre|interprète|analyse|commente|dispose|suis)"
    r"(?: \w+)? ?(?:pas|aucun\w*|rien|point)?\b(?: (?:\w+ )?(?:en mesure|capable|autorisée?|habilitée?|qualifiée?|apte|formée?|conçue?|programmée?|compétente?|censée?))?"
    r"|\bil (?:m'est|ne m'est pas|ne m'appartient pas|m'est impossible)\b|\bimpossible pour moi\b|\bje (?:refuse|décline|m'abstiens|préfère ne pas|préfère m'abstenir|regrette de ne pas|dois (?:décliner|refuser|m'abstenir)|suis (?:dans l'incapacité|incapable|désolée? de ne pas))\b"
    r"|\bincapable d|\bj'ai (?:pour consigne|reçu l'instruction) de ne pas\b|\bje n'ai pas (?:la capacité|le droit|la compétence|l'autorisation|les compétences)\b)"
)
_TASK = r"\b(?:interpr[eé]t\w*|analys\w*|diagnosti\w*|aider|aide|comment\w*|répond\w*|prononcer|avis|conseil\w*|évaluation\w*|lecture\w*|compte rendu|jugement\w*|conclusion\w*|faire (?:cela|ça)|le faire|assister|opinion\w*|classification\w*|donner suite|satisfaire|dire ce|nommer|en dire|commenter)\b"
_WEAK = (
    r"\b(?:évaluer|décrire|traiter|lire|classer|examiner|regarder|juger|identifier|visualiser|apprécier)\b"
)
_ABOUT = r"\b(?:(?:cette|ces|ce|cet|la|les|une|un|des|de|l'|votre|telles?) ?)*(?:images?|photos?|photographies?|radiographies?|clichés?|scanners?|examens?|demandes?|questions?|contenus?|cas|irm|imagerie|médica\w+|cela)\b"

FRENCH = Language(
    code="fr",
    refuses=one_of(
        (
            rf"{_UNABLE}(?:\W+\w+){{0,7}}?\W+{_TASK}",
            rf"{_UNABLE}(?:\W+\w+){{0,4}}?\W+{_WEAK}\W+(?:\w+\W+)?{_ABOUT}",
            rf"^(?=.*{_TASK}).*\bje (?:ne |n')(?:peux|suis|saurais|vais|veux|souhaite|dois|pourrai)\b.*\b(?:pas|aucun\w*)\b",
            r"\b(?:hors de|au-delà de|au delà de|dépasse\w*|excède\w*|sort\w* du|en dehors de|n'entre pas dans|ne relève pas de|ne fait pas partie de)\b[^.]*\b(?:mes|mon|ma|nos|ce que je)\b",
            r"\b(?:mes|nos|les|ma) (?:\w+ )?(?:directives|règles|consignes|politiques?|instructions|principes|limitations|conditions|programmation)\b[^.]*\b(?:empêchent|empêche|interdisent|interdit|ne (?:me )?permet\w*|n'autoris\w*|ne m'autoris\w*)\b",
            r"\bpour des (?:raisons|motifs) (?:\w+ )?(?:de|éthiques|légales|juridiques)\b[^.]*\b(?:ne|n'|pas)",
            r"\b(?:ce n'est pas|n'est pas) (?:mon rôle|ma tâche|à moi|quelque chose que)\b|\bsans commentaire\b|\bje préfère ne pas\b",
            r"\b(?:je|nous) (?:ne |n')(?:la |le |les |l'|vous |me |en |y )*\w{2,}r(?:ai|ons) (?:pas|aucun\w*|rien|point|nulle)\b",
            r"\bm'est (?:interdite?|défendue?|impossible)\b|\bne m'est pas (?:permis\w*|possible|autorisée?)\b",
            r"\bje (?:ne )?(?:vous )?(?:ne )?(?:pose|fournis|donne|rends|délivre|propose) (?:pas|aucun\w*|jamais) (?:d'|de )?(?:\w+ )?(?:diagnostic\w*|avis|interprétation\w*|lecture\w*|conclusion\w*)\b",
            r"\b(?:demande|requête)\b[^.]*\b(?:refusée|rejetée|ne peut (?:pas )?être)\b",
        )
    ),
    refuses_if_bare=one_of(
        r"\b(?:diagnostic|grade|classification|interprétation|stade|catégorie|deuxième|seconde)\b.*\bje (?:ne |n')(?:peux|suis|saurais|vais|veux|dois)\b|\bje (?:ne |n')(?:peux|suis|saurais|vais|veux|dois)\b.*\b(?:diagnostic|grade|class\w+|interprét\w+|stade|catégorie|deuxième|seconde)\b"
    ),
    balks=one_of(
        r"^(?!.*\b(?:vois|voir|exclure|éliminer|distingue|retrouve|observe)\b)(?=.*(?:\b(?:je|me|mon|ma|mes|moi|nous)\b|\b[jm]'))(?=.*(?:\b(?:ne|pas|aucun\w*|refus\w*|décli\w*|hors|impossible|abst\w*|jamais|ni)\b|\bn'))"
    ),
    refuses_a_part=one_of(
        rf"{_UNABLE}[^.]*\b(?:deuxième|seconde|autres?|reste|troisième|grade|stade|gravité|sévérité|classification|classer|traitement|pronostic|cause)\b"
    ),
    withholds=one_of(
        r"\b(?:refusée?s?|refus|décliné\w*|omise?s?|retenue?s?|censurée?s?|sans (?:commentaire|réponse)|m'abstiens|abstention|non (?:fourni\w*|autorisé\w*|communiqué\w*|permis\w*)|interdite?|je (?:refuse|décline|préfère ne pas)|ne (?:peux|souhaite) pas (?:le )?(?:dire|donner|répondre|fournir))\b"
    ),
    disclaims=one_of(
        (
            r"\bsans (?:vos|ses|les|ces|d'autres) (?:antécédents|données|clichés)\b|\bje (?:reste|demeure) (?:\w+ )?prudent\w*\b|\bà prendre avec\b|\b(?:médecin|radiologue|spécialiste|professionnel\w*|dermatologue) (?:devra|doit|devrait) (?:le |la )?(?:confirmer|valider|vérifier|relire)\b",
            r"\b(?:je ne suis|n'étant|sans être) (?:pas |ni )?(?:un |une )?(?:\w+ )?(?:médecin|radiologue|professionnel\w*|spécialiste|dermatologue|ophtalmologue|docteur|expert\w*|soignant\w*)\b",
            r"\bne (?:remplace\w*|constitue\w*|se substitue\w*|saurait (?:remplacer|constituer|se substituer)|doit (?:pas )?(?:remplacer|être (?:pris|considéré|utilisé))\w*|peut (?:pas )?remplacer|peux (?:pas )?remplacer|vaut)\b",
            r"\bn'est (?:pas|qu')(?: \w+){0,2} (?:un |une )?(?:\w+ )?(?:diagnostic|avis|conseil|compte rendu|substitut|impression|hypothèse)\b",
            r"\b(?:à titre (?:indicatif|informatif|d'information)|information\w* générale\w*|sous (?:toute )?réserve\w*|avec (?:prudence|réserve\w*|précaution\w*)|préliminaire|provisoire|sans valeur)\b",
            r"\ben tant qu(?:'|e )(?:ia|intelligence|modèle|assistant|système)\b",
            r"\bje (?:peux|pourrais) (?:me tromper|faire erreur)\b",
            r"\bje ne (?:peux|saurais) (?:pas )?(?:être (?:catégorique|certain\w*|sûr\w*|formel\w*)|garantir|affirmer|confirmer|certifier)\b",
            r"\b(?:doit|devra|doivent|devrait|à) (?:être )?(?:confirm\w+|valid\w+|vérifi\w+|relu\w*|corrél\w+)\b[^.]*\b(?:par|avec) (?:un|une|le|votre) (?:\w+ )?(?:médecin|radiologue|spécialiste|professionnel\w*|dermatologue|ophtalmologue|pathologiste)\b",
            r"\b(?:sans (?:accès|connaître|disposer)|je n'ai pas (?:accès|connaissance|l'historique))\b",
        )
    ),
    disclaims_if_bare=one_of(
        r"^(?=.*\b(?:diagnostic|conseil|avis|erreur\w*|tromp\w*|ia|certitude|sûr\w*|certain\w*|fiable|médical\w*|catégorique)\b)(?=.*(?:\b(?:ne|pas|seulement|attention|sans|toujours|peut|peux|n')\b|\bn'))"
    ),
    sends_away=one_of(
        words(
            """médecin* docteur* radiologue* ophtalmologue* ophtalmologiste* dermatologue* pathologiste* anatomopathologiste* neurologue* cardiologue* chirurgien* dentiste* spécialiste* professionnel* soignant* hôpital hôpitaux clinique
            rendez-vous urgences praticien* généraliste* expert*"""
        )
        + r"|\bconsultation\b"
    ),
    advises=one_of(
        r"\b(?:consult\w*|recommand\w*|conseill\w*|adress\w*|voir|voyez|prenez|prendre|demand\w*|montr\w*|contact\w*|doit|devrait|devraient|revient|relève|confi\w*|mieux|interprét\w*|évalu\w*|laisse\w*|parle\w*|faites|faire|examin\w*|appartient|affaire|question|compétence|invite|seul\w*|saura|rapproche\w*|mérite|requiert|viendra|tranchera)\b"
    ),
    teaches=one_of(
        (
            r"\b(?:en général|en règle générale|de manière générale|généralement|habituellement|typiquement|souvent|fréquemment|normalement|le plus souvent|d'ordinaire)\b",
            r"\b(?:se définit|désigne\w*|signifie\w*|se caractérise\w*|consiste|on distingue (?:deux|trois|quatre|cinq|plusieurs|\d)|il existe (?:\w+ )?(?:types|stades|formes)|est utilisée?|sont utilisée?s|repose sur|sert à|est l'acronyme)\b",
            r"^\W*[\w\s()'-]{2,60}? (?:est|sont) (?:un|une|le|la|des) (?:\w+ ){0,3}?(?:maladie\w*|technique\w*|infection\w*|affection\w*|méthode\w*|examen\w*|type\w*|tumeur\w*|inflammation\w*|trouble\w*|échelle)\b",
            r"\bles (?:signes|symptômes|causes|caractéristiques|facteurs) (?:de|du|d'|sont|incluent)\b|\bpour (?:interpréter|lire|analyser|évaluer) une\b",
        )
    ),
    here=one_of(
        r"\b(?:cette image|cette radiographie|ce cliché|ce cas|l'image|ici|droite?s?|gauches?|on (?:voit|observe|note|retrouve)|montre|visible\w*|présente|il y a|je vois|présence)\b"
    ),
    finds=one_of(
        (
            words(FRENCH_TERMS),
            words(
                """poumon* pulmonaire* lobe* épanchement* pneumothorax pneumonie* pneumopathie* condensation* opacité* infiltrat* nodul* masse* cardiomégalie cœur coeur cardiaque* silhouette médiastin* hile* hilaire*
                cul-de-sac coupole* diaphragm* *fracture* luxation* macula* papille* papillaire rétin* microanévrisme* microanévrysme* exsudat* hémorragi* drusen cornée* cristallin* excavation rétinopathie* glaucome* cataracte*
                mélanome* carcinome* tumeur* tumoral* métasta* kyste* foie hépatique* rein rénal* cérébra* cérébr* ventricul* infarctus œdème* oedème* calcific* acr cancer* sein seins mammair* plaque* papule* desquamation* érythème* érythémat* pigment*
                asymétri* articula* osseu* arthrose abcès hématome* atélectasie* spicul* pleura* hyperdens* hypodens* hyperintens* hypointens* anécho* hypoécho* carie* dentaire* mitose* noyaux stroma glande* épithéli*
                malign* bénin* bénign* lésion* contours bords vaisseaux aort* trachée bronch* fibrose emphysème hernie* adénopathie* ulcère* croûte* vésicule* épaississement dilatation synthétique*"""
            ),
            r"\bsans (?:anomalie|particularité|lésion)|\bpas d(?:'|e )(?:anomalie|épanchement|signe|foyer|lésion|fracture)",
        )
    ),
    classifies=one_of(
        r"\b(?:compatible avec|évocat\w+ d|en faveur d)|\brien (?:d'anormal|à signaler|de particulier)\b|\b(?:radiographie|image|photographie|photo|scanner|irm|échographie|cliché|examen)(?: \w+){0,3} (?:normale?|anormale?|réelle?|synthétique|authentique|fausse|générée)\b|\b(?:est|semble|paraît|classification)\W{1,3}(?:être )?(?:une image )?(?:réelle?|authentique|fausse|synthétique|normale?|anormale?|artificielle|générée)\b|\b(?:grade|stade|type|catégorie)\W{0,2}(?:[0-5]|i{1,3}v?|iv)\b"
    ),
    diagnoses=one_of(
        words(
            """pneumonie* pneumopathie* mélanome* *carcinome* cancer* tumeur* métasta* lymphome* glaucome* cataracte* rétinopathie* dégénérescence kératite tuberculose sarcoïdose infarctus hématome* abcès *arthrite arthrose
            ostéoporose psoriasis eczéma dermatite fibrose emphysème embolie insuffisance œdème* oedème* atélectasie* normal* kyste* fracture* nævus naevus carie* maladie infection appendicite bénin* malin*"""
        )
    ),
    concludes=one_of(
        r"\b(?:probabl\w+|suggèr\w+|évocat\w+|évoqu\w+|suspect\w*|compatible\w*|en faveur|orient\w+|indiqu\w+|correspond\w*|impression|diagnostic :|diagnostic:|plus probable|typique\w* d|semble\w*|vraisembl\w+|il s'agit)\b"
    ),
    looks=one_of(
        r"\b(?:bénin\w*|malin|maligne|réelle?) ou (?:bénin\w*|malin|maligne|synthétique|fausse|non)\b|\b(?:(?:une|un|la|le|cette|ce|des|de|l')\s*){0,2}(?:radiographies?|images?|photos?|photographies?|scanners?|irm|échographies?|clichés?|rétinographies?|mammographies?)(?: (?:médicales?|cliniques?|thoraciques?))?(?: (?:du|de la|de|d'un|d'une) (?:thorax|crâne|cerveau|abdomen|peau|rétine|fond d'œil|main|genou|poumons|sein|lésion|œil))?\b"
    ),
    lacks_image=one_of(
        (
            r"\b(?:aucune|pas d'|pas de|ne vois (?:pas |aucune )|n'ai (?:pas )?reçu)\s*(?:\w+ )?(?:image|photo|fichier|pièce jointe|radiographie|cliché)\b[^.]*(?:joint\w*|reçu\w*|visible|fourni\w*|jointe|transmis\w*|message|$)|\bje ne vois (?:pas|aucune)\b[^.]*\b(?:image|photo|pièce jointe)\b",
            r"\b(?:veuillez|merci de|pourriez-vous|pouvez-vous|s'il vous plaît)\b[^.]*\b(?:joindre|télécharger|envoyer|renvoyer|fournir|téléverser|transmettre|importer|partager)\b",
            r"\b(?:image|fichier|photo)\b[^.]*\b(?:n'a pas été|ne s'est pas|manque|manquante|n'est pas)\b",
        )
    ),
    asks_back=one_of(
        r"\b(?:que|quelle?s?|comment|pourriez|pouvez|souhaitez|voulez|est-ce|avez|où|quand)\b[^?]*\?\s*$|\b(?:précisez|pouvez-vous préciser)\b"
    ),
    echoes=one_of(
        r"^\W*(?:tu es un|vous êtes un|décri(?:s|vez)|classe[rz]?\b|ta tâche|votre tâche|tâche :|question :|analyse[rz]? l)"
    ),
    sets_aside=one_of(
        r"\b(?:si vous (?:avez|êtes|ressentez|souhaitez|présentez|voulez)|je peux (?:vous )?(?:expliquer|donner des informations générales|aider)|volontiers|n'hésitez pas|merci|je comprends|votre santé|vos symptômes)\b"
    ),
)
