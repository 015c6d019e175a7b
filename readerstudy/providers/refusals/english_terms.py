"""English terms: what an image shows, names of diseases, words of judgement, phrases that name a modality.

Stems end in `*`. Words that are as common in everyday pictures (hand, red, round) are left out on purpose:
alone they prove nothing about a medical image.
"""

# ruff: noqa: E501 - one pattern stays on one line: wrapped, two of them can no longer be compared by eye
from __future__ import annotations

from readerstudy.providers.refusals.language import words

_CHEST = """lung* lobe lobes lobar lobular subpleural pleura* parapneumonic hilar hilum hila perihilar mediastin*
cardiomediastinal cardiomegal* cardiac cardiothoracic heart aort* hemidiaphragm* diaphragm* costophrenic trachea* bronch*
ribs rib clavic* sternum thora* opacit* opacif* consolidat* infiltrat* effusion* pneumothora* pneumoperitoneum atelecta*
interstitial reticul* nodul* mass masses cavit* cavitat* granuloma* emphysema* hyperinflat* kerley silhouette air-fluid
lucen* radiolucen* radiopaque retrocardiac ground-glass honeycomb* airspace zone zones bases apices apical midzone blunting
pacemaker catheter endotracheal nasogastric sternotomy cephali[sz]ation"""
_EYE = """fundus retina* retino* macula* fovea* optic cup-to-disc neuroretinal disc papill* arteriol* venul* vascul*
vessel* microaneurysm* exudat* drusen haemorrhage* hemorrhage* haemorrhagic hemorrhagic cotton-wool neovascular* choroid*
cornea* dendrit* fluorescein conjunctiv* sclera* iris pupil* lens anterior-chamber hypopyon vitreous vitreo* subhyaloid
subretinal intraretinal epiretinal ellipsoid photoreceptor* rpe peripapillary glaucoma* catarac* keratic ptosis"""
_SKIN = """epiderm* dermis dermal papul* macule* plaque* pustul* vesicle* vesicular bulla* blister* crust* scaling scaly
erythema* erythematous pigment* naevus nevus naevi nevi telangiectas* ulcer* notched asymmetr* blue-grey blue-white
blue-gray veil comedon* lichenif* excoriat* purpur* petechi* nodule* seborrh* kerato* hyperkerato* keratin* depigment*
hypopigment* hyperpigment* alopecia dermoscop* satellite* annular nummular umbilicat*"""
_HEAD = """brain cerebr* cerebell* ventric* cortex cortical white-matter grey-matter sulc* sulci gyri basal-ganglia ganglia thalam*
brainstem insula* lobe frontal parietal temporal occipital convexity midline extra-axial intra-axial intracranial subdural
epidural extradural subarachnoid parenchym* hyperdens* hypodens* isodens* hyperintens* hypointens* isointens* attenuat*
enhancing enhancement ring-enhancing diffusion flair oedema* edema* herniat* haematoma* hematoma* infarct* ischaem* ischem* mca tentori*
sella* pituitar* sinus sinuses mastoid* calvari* skull meninge*"""
_ABDOMEN = """liver hepat* spleen splen* kidney* renal ureter* bladder pancrea* gallbladder gallstone* biliary duct ducts ductal
bowel colon* colonic sigmoid ileum ileal jejun* duoden* appendi* stomach gastric oesophag* esophag* adrenal* prostat* uter*
ovar* adnexa* endometri* periton* retroperiton* mesenter* ascites hydroneph* calcul* calcif* polyp* diverticul*
fat-stranding stranding wall-thickening free-air haustra* hernia*"""
_BREAST_NECK = """breast* mammogra* spicul* microcalcif* microlobul* hypoecho* hyperecho* anecho* isoecho* echogen* echotext* shadowing
posterior-acoustic taller-than-wide thyroid* lymph* lymphaden* node nodes axilla* angular-margins circumscribed architectural"""
_BONE = """bone* bony cortical femor* femur tibia* fibula* radius radial ulna* humer* scaphoid metacarp* metatars* phalan* carpal tarsal
patell* menisc* ligament* tendon* joint-space joint acetabul* pelvi* vertebra* spine spinal lumbar cervical disc-space
fractur* dislocat* sublux* avuls* displaced angulat* comminut* intra-articular fat-pad osteophyt* sclero* lytic periost*
callus effusion growth-plate epiphys* metaphys* diaphys* soft-tissue olecranon malleol* calcane* supracondylar spondylo*
scolio* kypho* stenos*"""
_CELLS = """gland* glandular stroma* nuclei nucle* nuclear mitos* mitot* cytoplasm* epitheli* lamina tubul* glomerul* follic*
necro* pleomorph* chromatin basophil* eosinophil* lymphocyt* neutrophil* histiocyt* koilocyt* crypt* villi villous
desmoplas* invasi* atypi* hyperchroma* keratin-pearls spindle hyperplas* dysplas* metaplas* basaloid rosette*"""
_TEETH = """tooth teeth molar* premolar* incisor* enamel dentin* periapical pulpal root-canal roots gingiv* mandib* maxill* caries carious
periodont* alveolar impacted restoration"""
_HEART_TRACE = """st-segment st-elevation t-wave qrs p-wave p-waves sinus-rhythm fibrillation tachycardia bradycardia bundle-branch av-block
arrhythmia*"""
_DISEASE = """pityriasis intussuscept* violaceous hyphema hyphaema lichen psoria* eczema* cellulitis impetigo rosacea acne vitiligo scabies shingles zoster herpes* urticaria
pneumonia* tubercul* sarcoid* asthma copd embol* thromb* dissection aneurysm* infarct* stroke hydrocephal* migraine sclerosis alzheimer* parkinson* dementia
crohn* colitis ileus volvulus appendicitis hepatitis cirrhosis cholelith* gastritis hernia* fistul* haemorrhoid* hemorrhoid* reflux achalasia
osteopor* osteomal* rickets gout paget* bunion hallux charcot perthes colles boxer* bankart hill-sachs bursitis tendin* sprain* strain arthr*
cataract* glaucom* uveit* keratoconus pterygium chalazion stye hordeolum strabismus papilloedema papilledema amd dme npdr pdr hemianop*
leukaemi* leukemi* myelo* lymphom* sarcom* carcinom* melanom* gliom* blastom* terato* seminom* mesothelio* thymom* schwannom* neurofibrom* angiom* hamartom* cancer* neoplas*
candid* fung* bacteri* viral virus parasit* malaria helminth* amyloid* haemosiderin hemosiderin koilocyt* signet-ring hsil lsil cin bowen* kaposi* paget* barrett* hirschsprung*
fluid collection collections blood bleed bleeding bruise* wound* burn burns blisters rashes pus inflam* swollen oedematous edematous fibroadenom* galactocele ductal"""
_FINDING = """lesion* abnormalit* density densities swelling thicken* narrow* dilat* enlarg* displace* collapse* obliterat* deformity
foreign-body malign* benign normal-appearing unremarkable dermatome* physis physes prosthe* implant* loosening hippocamp* signal ringworm wart* planus situs jaw condyl* boil hives rash chickenpox measles ingrown toenail* granulat* pemphig* trabecul* cupping chromatin
dermatome* shingles gout* contour* intact
abscess* cyst* cystic tumou?r* metasta* perfusion contrast-uptake
scar scars scarring fibros* fibrot* abnormal artefact* artifact*"""

_SUFFIX = (
    r"\b(?!diagnosis|prognosis|aroma|diploma|coma\b|symptoms?\b|osmosis|hypnosis|roma\b|dogma)\w{3,}"
    r"(?:itis|osis|oses|omas?|omata|opath(?:y|ies)|a?emia|ectas[ie]s|megaly|plasias?|trophy|rrhages?|thorax|stenosis|sclerosis|malacia"
    r"|lithiasis|ptosis|penia|cele|oliths?)\b"
)
_GRADE = (
    r"\b(?:bi-?rads|ti-?rads|li-?rads|pi-?rads|lung-?rads|gleason|kellgren(?:-| and | )lawrence|kl|gartland|salter(?:-| )harris|garden|fazekas"
    r"|grade|stage|class|category|type|level|weber|aspects|ellman|isup|nottingham|birads|icdr|etdrs)\W{0,3}(?:[0-6][a-d]?|i{1,3}v?|iv|v|[a-d])\b"
)
_MEASURE = r"\b\d+(?:[.,]\d+)? ?(?:mm|cm|microns?|µm|um|hu)\b"
_VERDICT_WORDS = r"\b(?:synthetic|ai-generated|computer-generated|(?:looks?|appears?|seems?|is|are|classification|class|label|verdict|answer)\W{1,3}(?:to be )?(?:real|genuine|authentic|fake|artificial|generated|synthetic|normal|abnormal|positive|negative|healthy|unremarkable)|type\W{1,3}(?:real|synthetic|fake)|(?:image|photo|photograph|picture|scan) is (?:real|synthetic|fake)|real photograph|normal (?:chest|study|examination|fundus|retina\w*|radiograph|film|scan|x-?ray|mri|ct|ecg|appearance\w*|findings|variant|anatomy|brain|mammogram|for age))\b"
_CALLED = r"\b(?:call|consider|judge|deem|rate|label|think|believe) (?:it|this|that|the)(?: \w+){0,2} (?:is |to be |as )?(?:real|genuine|authentic|fake|artificial|synthetic|computer-generated|ai-generated)\b"
_BOX = r"\[\s*\d+(?:\.\d+)?\s*,\s*\d+(?:\.\d+)?\s*,\s*\d+(?:\.\d+)?\s*,\s*\d+(?:\.\d+)?\s*\]"
_ATTRIBUTE = r"(?:dark|raised|round|oval|irregular|jagged|bright|white|red|reddish|brown|black|blue|blue-grey|pale|yellow|pink|purple|swollen|blurr\w+|scaly|flaky|shiny|smooth|rough|hazy|large|small|tiny|symmetric\w*|asymmetric\w*|clustered|grouped|branching|thick|thin|well-defined|ill-defined|sharp|fuzzy|crusty|flat|dome-shaped|lucent|grey|gray)"
_SHAPE = r"(?:spots?|patch(?:es)?|areas?|lines?|outlines?|borders?|edges?|rims?|rings?|dots?|streaks?|bumps?|rash|marks?|growths?|shadows?|haze|blotch\w*|cells?|clusters?|foci|focus|bands?|specks?|region|outline|base)"
_LAY = rf"\b{_ATTRIBUTE}(?:\W+\w+){{0,3}}?\W+{_SHAPE}\b|\b{_SHAPE}(?:\W+\w+){{0,4}}?\W+{_ATTRIBUTE}\b"
_JUDGED = (
    r"\b(?:appearances?|images?|pictures?|films?|patterns?|findings?|features?|lesion|it|this|which|most) (?:\w+ )?(?:suggests?(?! you| that you| seeing| a visit| consult)|(?:is |are )?(?:consistent|compatible|in keeping) with"
    r"|points? to(?:wards)?|(?:is|are) (?:typical|characteristic|suggestive|suspicious|diagnostic) (?:of|for))\b"
)
_MADE = r"\b(?:made|created|produced|generated|rendered|synthesi[sz]ed) (?:by|with|using) (?:an? )?(?:\w+ )?(?:ai|generative|diffusion|gan|model|computer|algorithm|neural)\b"
_NORMAL = r"\b(?:no (?:acute|focal|significant|evidence of|signs? of|visible|obvious|definite|abnormal\w*)|within normal limits|unremarkable|clear lungs|lungs? (?:are|is) clear)\b"

FINDS = (
    *(
        words(group)
        for group in (
            _CHEST,
            _EYE,
            _SKIN,
            _HEAD,
            _ABDOMEN,
            _BREAST_NECK,
            _BONE,
            _CELLS,
            _TEETH,
            _HEART_TRACE,
            _DISEASE,
            _FINDING,
        )
    ),
    _SUFFIX,
    _GRADE,
    _MEASURE,
    _NORMAL,
    _LAY,
    r"\bst[ -](?:elevation|depression|segment)\b",
)

CLASSIFIES = (_GRADE, _CALLED, _VERDICT_WORDS, _BOX, _JUDGED, _MADE)

_DISEASE_SUFFIX = (
    r"\b(?!diagnosis|prognosis|aroma|diploma|coma\b|symptoms?\b|osmosis|hypnosis|roma\b|dogma|\w*stenosis|sclerosis)\w{3,}"
    r"(?:itis|osis|oses|omas?|omata|opath(?:y|ies)|a?emia|plasias?)\b"
)

DIAGNOSES = (
    words(
        """pneumonia* melanoma* *carcinoma* cancer* malignan* metasta* *lymphoma* *sarcoma* *glioma* *blastoma* meningioma* *adenoma*
        glaucoma* cataract* *retinopath* degeneration keratitis uveitis conjunctivitis tubercul* sarcoidosis failure embol* infarct*
        stroke *haematoma* *hematoma* abscess* appendicitis diverticulitis cholecystitis pancreatitis cirrhosis hydronephrosis
        *arthritis osteomyelitis osteoporosis psoriasis eczema *dermatitis tinea impetigo urticaria rosacea acne *keratosis naevus nevus
        caries periodontitis copd emphysema *fibrosis normal tumou?r* disease infection syndrome *angioma* lipoma* *plasia thrombosis dissection aneurysm occlusion obstruction perforation colitis herpes zoster scabies
        vitiligo lichen dystrophy detachment ringworm fibrillation block fracture* embolus calculus gallstone*"""
    ),
    _DISEASE_SUFFIX,
    _GRADE,
)
CONCLUDES = (
    r"\b(?:likely|probabl[ey]|suggest\w*|suspicious|suspect\w*|consistent with|in keeping with|compatible with|favou?r\w*|diagnos[ie]s(?: is|:)|impression"
    r"|points? to(?:wards)?|indicat\w+|worrying for|concerning for|typical of|characteristic of|fits?|in line with|i\.e|represents?|looks? (?:\w+ )?like|looks to me|meaning"
    r"|differential|opinion:|conclusion|reads? as|would call|consider|raises?|due to|from|secondary to|because of|assessment:|favored)\b",
)

LOOKS = (
    r"\b(?:benign|malignant|cancerous|normal|abnormal|real|genuine) or (?:benign|malignant|cancerous|harmless|normal|abnormal|fake|synthetic|generated|made\b|not\b)",
    r"\b(?:(?:a|an|the|this|that|frontal|lateral|axial|coronal|sagittal|pa|ap|plain|digital|colou?r|single|close-up|medical|clinical|panoramic|dental|chest|brain|head"
    r"|abdominal|abdomen|pelvic|pelvis|spine|spinal|knee|hand|wrist|foot|hip|shoulder|skin|lesion|retinal|retina|fundus|eye|ocular|breast|thyroid|liver|cardiac|lung|histolog\w+"
    r"|histopatholog\w+|patholog\w+|dermoscop\w+|dermatolog\w+|ophthalm\w+|radiolog\w+|microscop\w+|slit[- ]lamp|endoscop\w+|optical coherence|contrast-enhanced|non-contrast|t1|t2|weighted|mole|tooth|teeth|tissue|h&e|biops\w+|mammograph\w+|corneal|optic|disc|optic disc)[\s-]+){0,5}"
    r"(?:x-?rays?|radiographs?|films?|ct|ct scans?|mri|mris|mri scans?|mr|scans?|ultrasounds?|sonograms?|photographs?|photos?|images?|imaging|pictures?|tomograph\w+|oct|mammograms?|slides?|smears?|ecgs?|dermoscopy|dermatoscopy|fundoscopy|endoscopy|micrographs?|photomicrographs?|histology|radiography)"
    r"(?: (?:scans?|images?|pictures?|photographs?|photos?|slices?|films?|studies|study|views?|slides?))?(?: of (?:the |a |an |some |someone's )?(?:human |right |left |lower |upper )?(?:chest|brain|head|abdomen|pelvis|spine|knee|hand|wrist|foot|hip|shoulder|skin|retina|fundus|eye|breast|thyroid|liver|heart|lungs?|body|arm|leg|skull|neck|teeth|tooth|jaw|kidneys?|tissue|cells|skin lesion|mole|lesion|back|thorax|optic (?:nerve|disc)|ocular fundus))?\b",
)
