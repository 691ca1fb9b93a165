# llm/offline/parsing/lists/leads.py -- how a request begins, which says nothing of what is asked for
LEAD = r"""
    (?:(?:please|pls|also|so|ok|okay|hey|hi|and|then|now|just|kindly|parley|alexa|siri|olly|google|help|well|yes)
    [,!]*(?: )
    |(?:can|could|would|will|won't) (?:you|we|i) (?:please |also |kindly |just |be willing to |mind ){0,3}
    |(?:i|we) (?:also |really |just )?(?:want|need|have|would like|'d like)(?: you)? to(?: )
    |(?:is it|would it be) possible (?:for you )?to |(?:i'd|i would) appreciate it if you (?:could|would) 
    |it would be (?:great|nice|good|helpful) if you (?:could|would) |do me a favou?r and |i think (?=i |we )
    |you need to |go ahead and |make sure (?:to |that you |you |that i |i )|be sure to |remember to(?: )
    |don't forget to ){0,6}"""
THING = r"(?P<x>[^\n]{1,150}?)"
THEN = r"(?:,|;|\.| -)? ?(?:(?:so|and|please|can you|could you|will you|would you|then|now|just) ){0,4}"
