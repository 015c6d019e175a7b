"""English patterns."""

# ruff: noqa: E501 - one pattern stays on one line: wrapped, two of them can no longer be compared by eye
from __future__ import annotations

from readerstudy.providers.refusals.english_terms import CLASSIFIES, CONCLUDES, DIAGNOSES, FINDS, LOOKS
from readerstudy.providers.refusals.language import Language, one_of

_GAP = r"(?:\W+[\w']+){0,5}?\W+"
_ABLE = (
    r"(?:can(?:no|')?t|can not|could(?: not|n't)|(?:am|'m|are|'re|is|be|were|feel)(?: \w+ly)? (?:not |un)(?:\w+ly )?"
    r"(?:able|comfortable|allowed|permitted|authori[sz]ed|qualified|licensed|trained|designed|equipped|meant|intended"
    r"|supposed|willing|prepared|in a position|here|going|built|set up|made|certified)|unable|not able|not in a position"
    r"|uncomfortable|reluctant|hesitant|unwilling|incapable of|won't|will not|would(?: not|n't)|wouldn't|shan't"
    r"|(?:must|may|should|shall|do|did|ought) not|mustn't|shouldn't|don't|didn't|never"
    r"|(?:lack|without|not have|n't have|have no|don't possess)(?: the| any)? (?:ability|capability|capacity|expertise"
    r"|qualifications?|training|permission|authority|credentials|means|right)"
    r"|(?:must|have to|need to|will|'ll|would|'d|shall|am going to|'m going to|choose to|prefer to|rather)?"
    r" ?(?:decline|refrain|abstain|refuse|avoid|pass on)|(?:prefer|choose|want|rather|sooner|elect|opt|asked|told|instructed"
    r"|programmed|configured|designed|built|set up|trained|tuned) not(?: to)?|(?:'d|would) (?:rather|sooner|prefer) not"
    r"|stop short of|keep(?:ing)? (?:away|out|clear)|stay(?:ing)? (?:away|out|clear)|steer(?:ing)? clear|hold(?:ing)? back)"
)
_UNABLE = r"(?:(?:not|un)\W?(?:able|comfortable|allowed|permitted|willing|qualified|authori[sz]ed|going to)|cannot|can't|can not|won't|will not)"
_SPEAKER = r"\b(?:i|we|me|this (?:assistant|model|system|tool|chatbot|bot)|the (?:assistant|chatbot)|an ai|ai models?|ais)\b"

_TASK_NOUN = (
    r"(?:diagnos[ei]s|interpretations?|analys[ei]s|opinions?|advice|classifications?|assessments?|evaluations?|gradings?"
    r"|readings?|reports?|descriptions?|labels?|answers?|verdicts?|judge?ments?|comments?|guidance|assistance|help|conclusions?"
    r"|predictions?|determinations?|second opinions?|impressions?|medical (?:\w+ )?(?:information|details|judge?ments?|views?|statements?|input|feedback)|guess(?:es)?"
    r"|observations?|insights?|feedback|prognosis|recommendations?|consultations?|response)"
)
_TASK_OBJECT = (
    r"(?:(?:this|these|that|those|the|your|such|any|an?|any of|uploaded|attached|provided|submitted|clinical|personal|patient'?s?|medical"
    r"|diagnostic|radiolog\w+|dermatolog\w+|patholog\w+|ophthalm\w+|histolog\w+|health(?:care)?|sensitive|photographic"
    r"|chest|skin|retinal|fundus|eye|brain|dental|real|actual|single|individual|human|first|second|third|other|remaining|left|right|last|next|type of|kind of|sort of|of)[\s-]+){0,5}"
    r"(?:images?|imaging|scans?|pictures?|photos?|photographs?|x-?rays?|radiographs?|films?|slides?|mris?|cts?|ct scans?|ultrasounds?"
    r"|mammograms?|ecgs?|octs?|radiology|pathology|requests?|questions?|contents?|materials?|uploads?|files?|inquir(?:y|ies)"
    r"|quer(?:y|ies)|tasks?|prompts?|conditions?|diseases?|medical (?:matters?|cases?|topics?|issues?|conditions?|data)|health (?:matters?|issues?|data|information)|case)\b"
)
_STRONG_VERB = (
    r"(?:interpret\w*|analy[sz](?:e|es|ed|ing)|diagnos(?:e|ed|ing)|assist\w*|help(?:ing)?(?! but\b| noticing| seeing| thinking| the)"
    r"|comply\w*|fulfil\w*|opine|opining|advis(?:e|ing)|engage|accommodate|grad(?:e|ing)|classif\w+|categori[sz]\w+|weigh in|speculat\w+)"
)
_WEAK_VERB = (
    r"(?:assess\w*|evaluat\w+|comment\w*|describ\w+|read(?:ing)?|review\w*|examin\w+|process\w*|discuss\w*|classif\w+|label\w*"
    r"|grad(?:e|ing)|judg(?:e|ing)|rat(?:e|ing)|respond\w*|answer\w*|look(?:ing)?|identify\w*|continue|proceed|view\w*|open|handl\w+"
    r"|speculat\w+|support\w*|work\w*|access|address|complet\w+|perform\w*|carry out|do|doing|report\w*|deal\w*|talk\w*|see"
    r"|guess\w*|screen\w*|inspect\w*|evaluate|commenting|explain\w*|say anything|draw\w*)"
)
_GIVE = (
    r"(?:provid\w+|giv(?:e|ing)|offer\w*|mak(?:e|ing)|perform\w*|render\w*|issu(?:e|ing)|suppl(?:y|ying)|suggest\w*|shar(?:e|ing)|writ(?:e|ing)|produc\w+"
    r"|attempt\w*|deliver\w*|generat\w+|venture|volunteer\w*|stat(?:e|ing)|draw\w*|propos\w+|form\w*|add|name|naming|do|doing|return|express\w*"
    r"|reach\w*|have|assign\w*|confirm\w*|set|conclude)"
)
_END = r"(?:\s*(?:further|anything|here|on (?:it|this|that)|in this (?:case|instance|matter)|at this time|it|this|that|so|them|either|any further))?\s*[\"')\].!,:;]*$"

_REFUSES = (
    # I cannot interpret / diagnose / help
    rf"{_SPEAKER}(?:\W+[\w']+){{0,4}}?\W*{_ABLE}{_GAP}{_STRONG_VERB}\b",
    rf"^\W*(?:\w+\W+){{0,3}}?{_UNABLE}{_GAP}(?:{_STRONG_VERB})\b(?! from\b)",
    # I cannot give a diagnosis
    rf"{_SPEAKER}(?:\W+[\w']+){{0,4}}?\W*{_ABLE}{_GAP}{_GIVE}(?:\W+[\w'/-]+){{0,7}}?\W+{_TASK_NOUN}\b",
    rf"^\W*(?:\w+\W+){{0,3}}?{_UNABLE}{_GAP}{_GIVE}(?:\W+[\w'/-]+){{0,7}}?\W+{_TASK_NOUN}\b",
    # I cannot assess this image; I would rather not describe such pictures
    rf"{_SPEAKER}(?:\W+[\w']+){{0,4}}?\W*{_ABLE}{_GAP}{_WEAK_VERB}(?:\W+(?:on|at|to|with|about|in|into|for|as to|regarding|and|or|\w+ing))?\W+{_TASK_OBJECT}",
    rf"^\W*(?:\w+\W+){{0,3}}?{_UNABLE}{_GAP}{_WEAK_VERB}(?:\W+(?:on|at|to|with|about|in))?\W+{_TASK_OBJECT}",
    # … I am unable to comment. / I can't do that.
    rf"{_SPEAKER}(?:\W+[\w']+){{0,4}}?\W*{_ABLE}{_GAP}{_WEAK_VERB}{_END}",
    rf"{_SPEAKER}(?:\W+[\w']+){{0,3}}?\W*(?:must|have to|need to|will|'ll|would|'d|am going to|'m going to|shall)?(?: \w+ly)? ?(?:decline|refuse|abstain|refrain)\b(?! (?:in|contrast|sedation|treatment|surgery|further imaging)\b)",
    rf"(?:prefer|rather|sooner|choose|chosen) not(?: to)?{_END}",
    # I won't label someone's retina
    rf"{_SPEAKER}(?:\W+[\w']+){{0,4}}?\W*{_ABLE}{_GAP}(?:{_STRONG_VERB}|{_WEAK_VERB})\W+(?:someone|somebody|anyone|anybody|a (?:person|patient|stranger)|people)(?:'s|s')\b",
    # I can't tell you what this is; I won't say what it shows
    rf"{_SPEAKER}(?:\W+[\w']+){{0,3}}?\W*{_ABLE}{_GAP}(?:tell (?:you|anyone)|say|determine|identify|explain)\W+(?:what|which)(?:\W+[\w']+){{0,4}}?\W+(?:is|are|be|shows?|means?|causes?|caused|depicts?|has|have|condition|disease|in)\b",
    rf"{_SPEAKER}(?:\W+[\w']+){{0,3}}?\W*{_ABLE}{_GAP}(?:identify|identifying|making|make)(?:\W+[\w']+){{0,3}}?\W+(?:assumptions?|inferences?|conditions?|diseases?|people|persons?)\b",
    rf"{_SPEAKER}(?:\W+[\w']+){{0,3}}?\W*(?:won't|will not|refuse to|decline to|(?:am|'m) not (?:going|allowed|permitted|willing) to|must not|may not|(?:prefer|would rather|'d rather) not(?: to)?)(?: \w+ly)?\W+(?:say|tell|state|speculate|judge|guess|decide)\b",
    r"\b(?:can(?:no|')t|unable to|not able to|don't|do not|never) (?:actually |really |directly )?(?:see|view|process|open|interpret|read|look at) (?:or \w+ )?(?:any )?(?:images|pictures|photos|photographs|scans|attachments|files|visual \w+)\b",
    # that I won't make; nothing I can give
    r"\b(?:which|that)(?: is)?(?: something)? (?:i|we) (?:won't|will not|can't|cannot|don't|do not|am not able to|may not|must not|am not going to) (?:make|give|provide|offer|do|attempt|answer|address|go into|pass|draw|share|perform)\b",
    r"\b(?:isn't|is not|aren't|are not|not|hardly) (?:something|a thing|anything|among|one of|part of|within|a (?:task|role|job|call)|an area)\b[^.]{0,40}\b(?:i|i'm|i'll|my|me|we|this assistant)\b",
    r"\b(?:isn't|is not|not) (?:my|our) (?:place|role|job|call|task|business|field|remit|job to)\b",
    r"\b(?:isn't|is not|not) (?:for me to|mine to|ours to)\b",
    r"\bnothing (?:that )?(?:i|we) (?:can|could|am able to|will|may)\b[^.]{0,20}\b(?:say|add|offer|do|tell|contribute|comment)\b",
    r"\bno (?:\w+ )?(?:comment|diagnosis|interpretation|opinion|reading|answer|verdict|analysis)\b[^.]{0,25}\b(?:from me|will be (?:given|provided|offered|made)|can be (?:given|provided|offered) by)",
    # beyond my scope, against my rules
    r"\b(?:beyond|outside(?: of)?|out of|exceeds?|outwith|past|over|not within|not in|falls? short of)(?: \w+){0,3} (?:my|our|what (?:i|we|this|an ai)|this assistant's|an ai's|the (?:scope|limits|bounds|range|remit|capabilit\w+) of (?:what (?:i|we)|my|this (?:assistant|service|tool|chat)))\b(?! (?:field|view|window))",
    r"(?:^\W*|\b(?:my|our|these|the)(?: [\w-]+){0,3} )(?:(?:\w+ )?(?:guidelines?|polic(?:y|ies)|rules?|instructions?|programming|training|developers?|design|settings?|restrictions?|limitations?|configuration|terms|constraints?|safeguards?|principles|boundaries|operators?|makers?|creators?))\b[^.]{0,50}\b(?:prevent|prohibit|keep|stop|forbid|disallow|bar|restrict|preclude|exclude|block|rule out|(?:do|does|did)(?: not|n't) (?:allow|permit|let)|not (?:allow|permit|let)|won't let|say no|tell me not|ask me not|require me (?:not|to (?:decline|refuse)))",
    r"\b(?:against|violat\w+|contrary to|conflicts? with|not (?:allowed|permitted) (?:by|under)|prohibited (?:by|under)|breach(?:es)?|in line with) (?:my|our|the|usage|content|safety|its)(?: \w+){0,2} (?:guidelines?|polic(?:y|ies)|rules?|terms|principles|programming)\b",
    r"\b(?:request|content|prompt|message|conversation|task)\b[^.]{0,25}\b(?:can(?:no|')t be|can not be|could not be|couldn't be|was|has been|is|will not be|won't be) (?:processed|fulfilled|completed|answered|accepted|declined|denied|refused|rejected|blocked|flagged|supported|granted|disallowed|not (?:allowed|permitted|supported))\b",
    r"\b(?:medical|clinical|diagnostic|health|such|these|image|patient)\b[^.]{0,40}\b(?:can(?:no|')t be|can not be|are not|aren't|is not|isn't|will not be|won't be|may not be|must not be|never) (?:\w+ly )?(?:interpreted|analy[sz]ed|diagnosed|evaluated|processed|supported|permitted|allowed|provided|offered|available|given|discussed|handled|read|reviewed|described|done|enabled|possible)\b(?=[^.]{0,30}(?:by me|here|by this|through|in this (?:chat|service|conversation)|reasons?|polic|service|assistant|\W*$))",
    r"\b(?:for|due to|because of|out of) (?:\w+ (?:and \w+ )?)?(?:safety|privacy|ethical|legal|liability|policy|confidentiality|compliance|caution)\b[^.]{0,40}\b(?:can(?:no|')t|won't|will not|not|no|unable|decline|declined|withheld|refuse)\b",
    r"\b(?:inappropriate|not appropriate|isn't appropriate|improper|irresponsible|unsafe|unethical|wrong|not right|not safe)\b[^.]{0,12}\b(?:for|of) (?:me|an ai|a chatbot|an assistant|a model)\b",
    r"\b(?:would|might|could)(?: not|n't)? be (?:inappropriate|irresponsible|wrong|unsafe|unethical|improper|risky|dangerous|right|proper|appropriate|responsible|ethical|safe)(?: \w+){0,3} (?:for me|of me|as an ai|to (?:interpret|diagnos|analy|offer|give|provide|speculate|guess|comment|read|make|label|attempt))",
    r"\bi (?:don't|do not|never|no longer) (?:do|provide|give|offer|make|perform|interpret|diagnose|read|analy[sz]e|comment|handle|issue|practi[cs]e|engage|discuss|grade|classify)\b(?= (?:\w+ ){0,4}?(?:diagnos|interpret|analys|medical|images?|scans?|pictures?|photos?|advice|opinions?|x-?rays?|on|in|that|this|such|clinical|health|readings?|radiolog|films?|slides?|mris?|cts?)|\W*$)",
    r"\b(?:let's|let us|can we|could we|perhaps we (?:can|could)|shall we|would you like to|i'd be glad to|happy to) (?:talk|chat|discuss|speak|move|turn|change)\b[^.]{0,25}\b(?:something else|another (?:topic|subject)|other (?:topics?|subjects?|things)|different|else|subject|topic)\b",
    r"\b(?:must|have to|need to|will|'ll|would|'d|am going to|i) (?:have to |need to )?(?:leave|hold back|withhold|skip|omit|keep)\b[^.]{0,30}\b(?:diagnos[ie]s|interpretation|answer|verdict|opinion|question|grade|classification|conclusion|it|that|rest|part|label)\b[^.]{0,20}\b(?:open|blank|out|unanswered|empty|aside|to (?:myself|a|an|your|the|others|someone|those))\b",
    r"\b(?:sorry|afraid|unfortunately|regret|apologi[sz]e)\b[^.]{0,20}\b(?:no|not possible|not this time|not something|impossible|out of the question|off limits)\W*$",
    r"\b(?:interpret\w*|diagnos\w+|medical (?:advice|images?|imaging)|image analysis|this)\b[^.]{0,30}\b(?:off[ -]limits|out of bounds|off the table|a line i|where i (?:stop|draw the line))\b",
    r"\b(?:have|has|had|been) (?:been )?(?:asked|told|instructed|programmed|configured|designed|set up|built|trained) (?:not|never|to (?:avoid|decline|refuse))\b",
    r"\b(?:declin|refus)ing (?:this|that|to|your)\b",
    r"\bno comment\W*$",
    r"\b(?:i|i'll|i'd|i must)\b[^.]{0,18}\bleave\b[^.]{0,40}\bto (?:a|an|your|the|those|others|someone|somebody|my|\w*doctors|professionals|experts|specialists)\b",
    r"^\W*(?:declined|refused|request denied|access denied|not permitted|not allowed|withheld)\W*$",
)

_REFUSES_IF_BARE = (
    rf"^(?=.*{_SPEAKER}).*{_ABLE}(?=.*\b(?:{_TASK_NOUN}|grade|category|class|categories|findings|call on|diagnos\w+|stage|staging|second|other|(?:interpret|evaluate|assess|judge|describe|read|name) (?:it|this|that|these|those|one|them|any))\b)",
    r"\bi(?:'ll|'d|'m| am| will| would| must| may)? (?:won't|will not|not going to|refuse|decline|must not|may not|(?:am |'m )?not (?:allowed|permitted|authori[sz]ed|willing|going|prepared)|rather not|sooner not|prefer not|better not)\b",
    r"\bi (?:won't|will not|am not going to|must not|may not|prefer not|refuse|decline)\b",
    rf"\b(?:{_TASK_NOUN}|grade|category|cause)\b.*\b(?:i|we)\b.*(?:{_ABLE}|\bleave\b|\bkeep out\b)",
)
_BALKS = (
    r"^(?!.*\b(?:see|identify|detect|find|exclude|rule out|appreciate|make out|separate|distinguish)\b)(?=.*\b(?:i|i'm|i'd|i'll|i've|me|my|we|our|myself)\b)(?=.*(?:\b(?:not|no|never|cannot|can not|unable|declin\w+|refus\w+|refrain\w*|avoid\w*|abstain\w*|lack\w*|beyond|outside|off[- ]limits|out of|stay|keep|draw the line|leave|rather|against|nothing|nope"
    r"|forbid\w*|prohibit\w*|restrict\w*|limits?|limitations?|pass|skip|stop|stopping|uncomfortable|reluctan\w+|impossible|hesita\w+|blocked|disabled|turn (?:it |this |that )?(?:down|away)|say no|sit this one out)\b|n't\b|can't))",
    r"^(?=.*\b(?:i|i'm|i'd|me|my|we|us|this (?:assistant|service|tool|model))\b)(?=.*\b(?:medical|clinical|diagnos\w+|patients?|x-?rays?|radiographs?|scans?|mammograms?|slides?|mris?|cts?|ecgs?|oct|fundus)\b)(?!.*\b(?:ready|help|happy|glad|pleased|please|upload|send|share|welcome|look forward|assist|understand|appreciate|thank\w*|know|wait\w*|received)\b)(?!.*\?)",
    r"\b(?:count me out|draws? (?:a|the|my) line|no can do|off the menu|you won't hear)\b",
    r"\b(?:hands are tied|overstep\w*|practi[sc]ing medicine|wrong (?:place|address|tool|assistant))\b",
    r"^(?=.*\b(?:medical|clinical|diagnos\w+|patients?|images?|scans?|x-?rays?|radiolog\w+|interpret\w+|request)\b).*\b(?:disabled|unavailable|unsupported|prohibited|forbidden|switched off|turned off|not enabled|restricted|blocked|not permitted|not allowed)\b",
    r"^(?=.*\b(?:sorry|afraid|apolog\w+|unfortunately|regret\w*)\b)(?!.*\b(?:missing|upload\w*|attach\w*|blur\w*|corrupt\w*|see|find|repeat|clarify)\b)",
    r"^(?=.*\b(?:medical|clinical|diagnos\w+|patients?|health|scans?|x-?rays?|radiolog\w+|interpret\w+|this request|your request|image analysis)\b)(?=.*(?:\b(?:not|no|never|cannot|unable|declined|refused|off[- ]limits|restricted|unavailable|unsupported|prohibited|forbidden)\b|n't\b)).*\b(?:here|supported|service|assistant|available|allowed|permitted|provided|offered|possible|chat|conversation|policy|tool|system)\b",
)

_PART = r"(?:second|third|other|remaining|left|right|first|last|prior|previous|following|rest|latter|two|three|treatment|therapy|management|prognos\w+|stag\w+|grad\w+|severity|classification|class|label|score|level|type|subtype|cause|aetiolog\w+|etiolog\w+)"
_REFUSES_A_PART = (
    rf"\b(?:second|third|other|remaining|left|right|first|last|prior|previous|following|latter)(?: \w+)? (?:image|film|one|picture|photo|scan|part|question|view|half|slide)s?\b.*(?:{_SPEAKER}.*{_ABLE}|\bno comment\b)",
    rf"{_SPEAKER}(?:\W+[\w']+){{0,4}}?\W*{_ABLE}{_GAP}(?:{_STRONG_VERB}|{_WEAK_VERB}|{_GIVE})(?:\W+[\w']+){{0,5}}?\W+(?:the|a|any|an|to the|your)?\W*{_PART}\b(?=[^.]*(?:image|scan|picture|photo|film|question|part|one|ones|two|three|view|slide|you asked|asked for|field|\W*$))",
    rf"\b(?:must|have to|will|'ll|would|'d) (?:decline|refuse|leave|skip|omit|withhold)\b[^.]{{0,30}}\b{_PART}\b",
)

_WITHHOLDS = (
    r"\b(?:declin\w+|withh[eo]ld\w*|refus\w+|redacted|undisclosed|omitted|left blank|no comment|not (?:provided|given|disclosed|permitted|allowed|offered|authori[sz]ed|supplied|for me)|(?:cannot|can't|can not|unable to|will not|won't) (?:be )?(?:provide|say|answer|give|disclose|comment|comply|offer|share)\w*)\b",
)

_PERSON = (
    r"(?:doctors?|\w*(?:ologist|iatrist|physician|clinician|surgeon)s?|oculists?|optometrists?"
    r"|specialists?|consultants?|professionals?|experts?|dentists?|orthodontists?|endoscopists?|orthop(?:a)?edists?|practitioners?|gps?|general practitioners?|nurses?|pharmacists?|providers?"
    r"|(?:medical|care|clinical|treating|health ?care|reporting|radiology|eye|stroke|imaging|emergency) (?:teams?|staff|personnel|providers?|departments?|services?|doctors?|rooms?)"
    r"|eye (?:clinic|doctor)|skin (?:clinic|doctor|specialist)|human (?:reader|expert|eyes)|(?:qualified|trained|experienced|expert|professional|skilled|human) (?:person|eyes?|readers?|observers?|humans?)|\w+graphers?|(?:someone|somebody|anyone|people|those) (?:qualified|trained|licensed|with|who)|(?:the|your|their) (?:\w+ )?team|hospitals?|clinics?|surgery|practice|a&e)"
)
_DISCLAIMS = (
    rf"\b(?:am|'m|as|being|is) (?:certainly |really |just )?(?:not|no|neither)(?: \w+){{0,4}} {_PERSON}\b",
    rf"\bnot (?:being )?(?:an? )?(?:\w+ ){{0,2}}{_PERSON}\b",
    r"\b(?:no|not|never|isn't|cannot|can't|hardly)(?: \w+){0,4} (?:substitute|replacement|replace|stand-in|supplant)\b",
    r"\b(?:does|do|should|must|may|can|is|are|was)(?:n't| not) (?:be )?(?:\w+ )?(?:replace|substitute|constitute|count as|amount to|taken as|considered|construed|regarded as|used as|used for|relied|treated as|intended (?:as|for)|meant (?:as|for|to)|rely)\b",
    r"\b(?:not|isn't|never|no|nor)(?: \w+){0,3} (?:medical|professional|clinical|formal|official|final|definitive|diagnostic|expert|certified)(?: or \w+)? (?:advice|diagnosis|opinion|report|reading|read|interpretation|assessment|judge?ment|conclusion|evaluation|statement)\b",
    r"\b(?:general|educational|informational|illustrative|research|study|demonstration|entertainment)(?: and \w+| or \w+)? (?:information|purposes?|use|illustration)\b(?! of)",
    r"\bas an? (?:ai|artificial intelligence|language model|large language model|virtual|automated|machine)\b(?![ -]*(?:generated|made|produced|created|synthesi[sz]ed|rendered|image|picture))",
    r"\bi(?:'m| am) (?:just |only |merely |simply )?(?:an? )?(?:ai\b|artificial|language model|chatbot|virtual|computer|machine)(?![ -]*generated)",
    r"\ban ai(?:'s)? (?:opinion|reading|view|impression|assistant|tool|system|answer|cannot|can't|is not|isn't)\b",
    r"\b(?:take|treat|read|use|regard|consider) (?:this|it|that|what follows|the following|my \w+|these)\b[^.]{0,30}\b(?:salt|caution|care|first|preliminary|tentative|rough|provisional|impression|guess|reserve|orientation|only|not)\b",
    r"\b(?:preliminary|tentative|provisional|non-expert|lay|unverified|informal|unofficial) (?:impression|read|reading|view|opinion|assessment|interpretation|look|guess|answer)\b",
    r"\b(?:can(?:no|')t|could not|not able to|unable to|won't|will not|hard|difficult|impossible|not|wouldn't|would not)(?:\W+\w+){0,4}?\W+(?:definitive|definitively|certain|certainty|conclusive|conclusively|guarantee|guaranteed|vouch|be sure|swear|formal|official|officially)\b(?!ly (?:abnormal|normal))",
    r"\b(?:without|no) (?:any )?(?:guarantee|certainty|warranty)\b",
    r"\bi (?:may|might|could)(?: well| also| easily)? be (?:wrong|mistaken|off|misreading)\b",
    r"\b(?:apologi[sz]e|apologies|sorry|forgive|pardon)\b[^.]{0,15}\b(?:uncertaint\w+|limitations?|inaccurac\w+|errors?|mistakes?|imprecision|if (?:i|this|that)|not being|lack of)\b",
    r"\b(?:i|we)\b(?: \w+){0,2} (?:don't|do not|can't|cannot|lack|without|have no|haven't|not)(?: \w+){0,2} (?:access|seen|examin\w+|know)\b[^.]{0,40}\b(?:history|histor\w+|context|examination|exam|priors?|previous|earlier|patient|records?|chart|symptoms|clinical|lab\w*|information|details|person)\b",
    r"\bwithout (?:access to |knowing |seeing |having |examining |the )(?:\w+ ){0,2}(?:history|patient|context|examination|exam|clinical|records?|chart|symptoms|full)\b",
    rf"\b{_PERSON} (?:must|should|needs? to|has to|have to|will (?:need|have) to|ought to|would need to|is needed to|is required to)(?: \w+ly)? (?:confirm|verify|review|check|make|decide|evaluate|assess|validate|correlate|sign|judge|interpret)\w*\b",
    rf"\b(?:confirm|verif|review|check|validat|evaluat|assess|interpret|double-check|read|examin)\w*(?: \w+)? (?:by|with)(?: \w+){{0,4}} {_PERSON}\b",
    rf"\b(?:consult|see|ask|visit|contact)\b[^.]{{0,30}}\b{_PERSON}\b[^.]{{0,15}}\b(?:for|to get|to obtain)\b[^.]{{0,15}}\b(?:definitive|proper|accurate|formal|official|actual|correct|professional|firm|certain|confirmed)\b",
    r"\b(?:unable|not able|cannot|can't)(?: \w+){0,2} (?:verify|confirm) (?:this|it|that|my|any of)\b",
    r"\b(?:only|just|merely|simply|nothing more than)(?: \w+){0,3} (?:opinion|guess|estimate|impression|suggestion|observation|ai|guesswork|speculation|educated guess|hunch|hint)\b",
    rf"\b(?:have|get|let|ask)\b[^.]{{0,25}}\b{_PERSON}\b[^.]{{0,12}}\b(?:confirm|verify|check|review|validate)\w*\b",
    r"\b(?:official|formal|authoritative|definitive|binding)(?: \w+)? (?:reading|report|diagnosis|interpretation|opinion|read|answer|assessment)\b[^.]{0,25}\b(?:must|has to|have to|needs?|should|requires?|only|come|from|by|reserved)\b",
    r"\bi (?:can|may|might|could|do|sometimes|often)(?: \w+)? (?:make|get|be|misread|err)\b[^.]{0,12}\b(?:mistakes?|wrong|errors?|images?|things)\b",
    r"\b(?:lack|without|have no|no)(?: any| formal)? (?:clinical|medical|radiological|professional) (?:training|education|qualification|background)\b",
    r"\bspeaking (?:only |merely |purely |just )?as (?:an? )?(?:ai|software|model|machine|program|layman|non-\w+|computer)\b",
    r"\b(?:none of this|nothing here|this|that|it) (?:is not|isn't|does not count as|doesn't count as|counts as|should not count as|is no) (?:an? )?(?:diagnosis|advice|report)\b",
    r"\b(?:be|with) (?:careful|caution)(?: with (?:this|it|my \w+))?\b",
    r"\b(?:educated|rough|layman's|lay|amateur) guess\b",
    r"\bnot (?:\w+ly )?(?:qualified|trained|licensed|certified|medically)\b(?! to| in a)",
    r"\b(?:automated|computer|machine|unverified|unofficial|ai) (?:reading|interpretation|read|report|output|assessment)\b|^\W*caution\b",
    r"\b(?:disclaimer|caveat|with (?:the|due|all|some|every)(?: \w+)? (?:caveats?|caution|reservations?|reserve))\b",
    r"\bfor what it'?s worth\b",
    r"\blimit(?:ation|s|ed)\w*(?: \w+)? (?:of|as|to)(?: \w+){0,3} (?:ai|language model|a model|assistant|chatbot|single image|this tool)\b",
    r"\b(?:don't|do not|never|please don't) (?:rely|base|act|make (?:any )?(?:decisions?|treatment))\b",
    r"\b(?:ais?|models?|machines?|software|computers?|chatbots?) (?:can|may|might|do|does|sometimes|often)\b[^.]{0,20}\b(?:miss\w*|err|wrong|mistak\w+|fail|hallucinate\w*|slip)\b",
    r"\bnothing (?:here|above|below|i (?:say|write)|in this \w+)\b[^.]{0,20}\b(?:replac\w+|substitut\w+|constitut\w+|amounts?|counts?)\b",
    rf"\bi(?:'d| would| will|'ll)? (?:\w+ )?defer to\b[^.]{{0,20}}\b{_PERSON}\b",
    r"\bno medical (?:training|licen[cs]e|degree|qualification)\b",
)

_DISCLAIMS_IF_BARE = (
    r"^(?=.*\b(?:promis\w+|trust\w*|rely|relied|reliable|guarantee\w*|certain\w*|sure|correct|accura\w+|qualified|licensed|diagnosis|diagnostic|advice|mistakes?|errors?|(?:clinical|medical) (?:use|training|decision\w*)"
    r"|wrong|definitive|substitute|replace\w*|professional|verif\w+|(?:is|be) right|opinion|ai|unverified|tentative|conclusive|informational|physically|degree|decisions?)\b)(?=.*(?:\b(?:not|no|never|cannot|only|may|might|must|should|note|mind|remember|aware|caution|careful|please|without|always|beyond|limits?|outside|so)\b|n't\b))(?!.*\b(?:evidence|see|seen|signs?)\b)",
    r"\b(?:information|reference|orientation|illustration|discussion) only\b",
)
_ADVISES = (
    r"\b(?:consult|see|ask|contact|talk|speak|visit|seek|show|book|make|schedule|arrange|leave|let|go|bring|take|turn|refer|discuss|get|reach|call|follow up|rely|have|hand|send|trust|defer|direct|raise|request|recommend|suggest|advise|encourage|urge|check|turn)\b",
    r"\b(?:best|better|properly|should|must|needs?|ought|has to|have to|only|matter|question|job|case|one|call|decision|task|belongs?|right|hands|up to|work|domain|business|expertise|qualified|trained|able|can|will|would|importan\w+|wise|safest|sensible|essential|appointment|warrant\w*|deserves?|evaluation)\b",
)
_SENDS_AWAY = (
    rf"\b{_PERSON}\b",
    r"\b(?:radi|dermat|path|cardi|ophthalm|neur|onc)ology (?:would|can|will|should|could|is happy)\b",
    r"\b(?:appointments?|(?:have|get|getting|having) (?:it|this|that|them) (?:checked|seen|examined|evaluated|assessed|looked at|reviewed)|in[- ]person|face to face|biopsy (?:will|would|can|should)|histology will|laboratory (?:test|work)|medical (?:attention|care|help|evaluation|assessment|review|consultation|advice)|leave (?:this|it|that|the \w+|such \w+) (?:to|for|with)|professional (?:care|evaluation|assessment|opinion|review|medical|help|advice)|second opinion|(?:question|matter|job) for)\b",
)

_TEACHES = (
    r"\b(?:in general|generally|typically|usually|commonly|classically|often|frequently|traditionally|by definition|as a rule|normally)\b",
    r"\b(?:stands? for|refers? to|is defined|are defined|is characteri[sz]ed|are characteri[sz]ed|is known as|are known as|is called|describes? how|is derived|comes from (?:the )?(?:latin|greek)|consists? of|was (?:invented|developed|discovered|introduced|described)|were (?:invented|developed|discovered|introduced)|works? by|relies on|is based on)\b",
    r"^\W*(?:the |an? )?[\w\s()-]{2,60}? (?:is|are) (?:an? |the )?(?:[\w,-]+ ){0,6}?(?:techniques?|methods?|diseases?|disorders?|conditions?|infections?|inflammations?|tumou?rs?|cancers?|types?|forms?|kinds?|imaging|tests?|procedures?|scales?|systems?|scores?|rules?|acronyms?|examinations?|modality|modalities|tools?|organs?|leading cause|group|studies|signs? of|photographs? of the|complications?|causes?|consequences?|products?|devices?|process(?:es)?|acquired|obtained|performed|taken (?:with|by|in)|used (?:to|for|in)|divided|classified into|caused by|treated|diagnosed (?:by|with)|common\b)",
    r"^\W*(?:\w+\W+){0,2}?(?:to|when|before|while|in order to|how to) (?:interpret|read|assess|analy[sz]e|evaluat|review|look|approach|report|examin|diagnos|grad)\w*\b",
    r"\b(?:signs?|symptoms?|causes?|features|types|stages|risk factors|grades|hallmarks?|characteristics|criteria|indications) (?:of|include|are|for)\b",
    r"\bthere are (?:\w+ ){0,3}(?:types|stages|grades|kinds|forms|steps|criteria|ways|subtypes|categories)\b",
    r"\b(?:can|may|might) be (?:caused|treated|seen (?:in|with|on)|divided|classified|associated|due|asymptomatic|managed|used|found in)\b",
    r"^\W*(?:\d\W+)?(?:compare|look|check|follow|start|begin|remember|trace|always|inspect|first,? (?:check|look)|next,? (?:check|look)|finally,? (?:check|look)|then (?:check|look)|use a systematic|consider the)\b",
    r"\b(?:a|an|every|any) (?:healthy|normal|typical|good|systematic|benign) [\w-]+(?: \w+)? (?:has|have|shows?|is|are|should|appears?|includes?|begins?)\b",
    r"\b(?:while|whereas) (?:a|an) (?:healthy|normal|benign|malignant)\b",
    r"\b(?:radiologists|doctors|clinicians|dermatologists|physicians|ophthalmologists|pathologists) (?:look|use|check|often|rely|assess|distinguish|describe|divide|train|grade|measure)\b",
    r"\b(?:x-?rays|mris?|ct scans?|ct|ultrasound|mri|oct|radiographs|mammography|dermoscopy|fundus photography|tomography) (?:is|are|was|were|uses?|use|works?|can|provides?|produces?|measures?)\b",
    r"\b(?:can|may) (?:all |both |also |sometimes |often |easily )?(?:look|appear|present|mimic|resemble|cause|lead|affect|occur|vary|develop|help|show|range)\b",
    r"\baffects?\b.*\b(?:people|adults|children|women|men|patients|population|worldwide|%)",
    r"\b(?:leading|main|most common|major|frequent|deadliest|commonest) (?:\w+ )?(?:cause|type|form|reason|cancer|tumou?r|disease|infection|arrhythmia|fracture|condition)s?\b",
    r"\b(?:affects?|occurs?|develops?) (?:\w+ )?(?:people|adults|children|women|men|patients|in (?:people|adults|children|women|men|patients|the elderly|smokers|diabetics))\b",
    r"\b(?:treatment|management|prevention|therapy|risk) (?:is|includes?|consists|depends|involves|may|can|usually)\b",
    r"\b(?:is|are) (?:the|an?) (?:share|amount|ratio|fraction|measure|number|percentage|unit|term|name|science|study|branch|process|ability|score) (?:of|for|that|which|by)\b",
    r"\b(?:epidemiology|pathophysiology|prevalence|incidence)\b",
    r"^\W*(?:the )?\w*(?:graphy|metry|scopy)\b (?:measures?|uses?|records?|detects?|works|creates?|produces?|visuali[sz]es?)\b",
)
_HERE = (
    r"\b(?:this|these) (?:\w+ )?(?:image|film|picture|scan|case|slide|photo|photograph|radiograph|x-?ray|view|patient|eye|section|study|one|specimen|examination|is|looks?|suggests?|fits?|would|appears?|pattern|finding|findings|lesion|child|nodule|mass|appearance|combination)\b",
    r"\b(?:here(?!'s| is| are)|shown|visible|seen on|seen in the (?:left|right)|is seen|are seen|is noted|are noted|is present|are present|i see|we see|in the (?:image|photo|picture|film|scan)|the (?:image|film|picture|scan|photo|slide|radiograph|x-?ray|smear|biopsy) (?:shows?|demonstrates?|reveals?|contains?))\b",
    r"\b(?:right|left|bilateral)\b",
    r"\b\d+(?:[.,]\d+)? ?(?:mm|cm|microns?|µm|um|degrees|%)",
    r"\b(?:my impression|most likely|i think|i would|i'd|impression|favou?red|suspicious for)\b",
)

_LACKS = (
    r"\bno (?:\w+ ){0,2}(?:image|picture|photo|photograph|attachment|scan|file|x-?ray|radiograph|upload)s?\b[^.]{0,40}\b(?:attached|provided|visible|included|uploaded|received|here|in your|came|with your|to (?:look|analy|interpret)|found|present|available|was|has been|shared|supplied|arrived)\b",
    r"\b(?:don't|do not|can't|cannot|can not|didn't|did not|unable to|not able to|couldn't)(?: \w+){0,2} (?:see|find|view|open|access|receive|detect|load|get|have)\w* (?:an|any|the|your|that|this)?(?: \w+){0,2} ?(?:image|picture|photo|photograph|attachment|scan|file|upload|x-?ray)\b(?! (?:quality|feature|noise|features))[^.]{0,30}(?:attach|message|here|upload|conversation|chat|prompt|provided|yet|received|through|\W*$)",
    r"\b(?:image|picture|photo|attachment|file|scan|upload)\b[^.]{0,20}\b(?:did not|didn't|failed to|has not|hasn't|was not|wasn't|is not|isn't|seems? to be|appears? to be|may not have|doesn't seem to|does not seem to|could not be|couldn't be)(?: have| be| been)? ?(?:upload\w*|load\w*|come through|attach\w*|display\w*|missing|included|provided|received|arrive\w*|visible|blank|corrupt\w*|broken|empty|found|opened|shown)\b",
    r"\b(?:please|could you|can you|would you|kindly|you need to|try)\b[^.]{0,20}\b(?:re-?)?(?:upload|attach|provide|send|share|resend|paste|supply|submit)\w*\b[^.]{0,30}\b(?:image|picture|photo|photograph|file|scan|it|x-?ray|again|attachment)\b",
    r"\b(?:it (?:looks like|seems|appears)|i think|perhaps)\b[^.]{0,20}\byou (?:forgot|have not|haven't|did not|didn't) (?:to )?(?:attach|upload|include|send)\w*",
    r"\bwaiting for (?:the|your|an) (?:image|picture|upload|file)\b",
    r"\bonce you (?:upload|attach|share|send|provide)\b",
)
_ASKS = (
    r"\b(?:what|which|how|where|when|who|could|can|would|do|does|did|is|are|should|shall|may|have|has|will)\b[^?]*\?\s*$",
    r"\b(?:please|could you|can you|kindly) (?:tell me|clarify|specify|let me know|explain|provide (?:more|further|additional)|describe (?:the|your) (?:symptoms|question)|give me more|confirm (?:which|what|whether))\b",
    r"\blet me know (?:what|which|how|if|whether)\b",
)
_ECHOES = (
    r"^\W*(?:you are|act as|imagine you are|assume the role|your (?:task|role|job) is|task:|instructions?:|system:|user:|prompt:|question:)",
    r"^\W*(?:please )?(?:describe|classify|interpret|analy[sz]e|give|provide|answer|state|identify|list|write|report|explain|determine|label|grade) (?:the|this|a|an|each|all|any|whether|your|in|what|if|only|and|it)\b[^.]*\b(?:image|picture|findings?|diagnosis|photo|photograph|radiograph|x-?ray|scan|question|following|sentences?|words|json|impression|abnormalit\w+)\b",
    r"^\W*(?:so )?(?:you(?:'ve| have)? (?:asked|want(?:ed)?|told|instructed)(?: me)? to|the (?:task|prompt|instruction)s? (?:is|are|asks?|says?))\b",
    r"\b(?:in (?:at most )?\d+ (?:words|sentences)|as (?:valid )?json|end with a line|respond (?:only )?(?:in|with)|the following (?:format|rubric|schema))\b",
)
_SETS_ASIDE = (
    r"\bif you(?:'re| are| have| had|'ve| feel| experience| notice| need| want| would| wish| can| could| share| provide| like)\b",
    r"\b(?:i|we)(?:'m| am| can| could|'d be|'ll| will| would be| may)(?: also| still| always| certainly| gladly)? (?:happy|glad|pleased|able to|help|explain|offer general|share general|provide general|discuss|answer (?:general|other)|describe (?:how|what)|tell you (?:about|how)|talk about|assist)\b",
    r"\b(?:feel free|happy to|glad to|instead,? i|for example,? i|what i can do|questions? (?:about|on) (?:how|what|general)|general (?:information|questions?|education\w*) (?:about|on|regarding))\b",
    r"\b(?:such as|including|like) (?:\w+ )?(?:symptoms|your)\b",
    r"\byou(?:'re| are) (?:worried|concerned|experiencing|in pain|feeling|unsure)\b",
    r"\byour (?:health|symptoms|concern|wellbeing|safety|question|message|situation)\b",
    r"\b(?:i understand|i appreciate|thank you|thanks|i hope|i realise|i realize|i know)\b",
)

ENGLISH = Language(
    code="en",
    refuses=one_of(_REFUSES),
    refuses_if_bare=one_of(_REFUSES_IF_BARE),
    balks=one_of(_BALKS),
    refuses_a_part=one_of(_REFUSES_A_PART),
    withholds=one_of(_WITHHOLDS),
    disclaims=one_of(_DISCLAIMS),
    disclaims_if_bare=one_of(_DISCLAIMS_IF_BARE),
    sends_away=one_of(_SENDS_AWAY),
    advises=one_of(_ADVISES),
    teaches=one_of(_TEACHES),
    here=one_of(_HERE),
    finds=one_of(FINDS),
    classifies=one_of(CLASSIFIES),
    diagnoses=one_of(DIAGNOSES),
    concludes=one_of(CONCLUDES),
    looks=one_of(LOOKS),
    lacks_image=one_of(_LACKS),
    asks_back=one_of(_ASKS),
    echoes=one_of(_ECHOES),
    sets_aside=one_of(_SETS_ASIDE),
)
