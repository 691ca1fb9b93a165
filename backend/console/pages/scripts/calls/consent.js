// consent.js -- what a person has written to a question of the agent: yes, no, or what it should do instead.
const YES = new Set("yes,y,yep,yeah,yup,ok,okay,sure,approve,approved,do it,go ahead,please do,yes please,ja,oui,si,sí".split(","));
const NO = new Set("no,n,nope,nah,deny,denied,don't,dont,do not,stop,cancel,no thanks,nein,non".split(","));

// { approve, words }: with other words than a yes or a no the agent is told of them.
export function readConsent(text) {
  const plain = text.trim().toLowerCase().replaceAll("’", "'").replace(/[.!,\s]+$/, "");
  if (YES.has(plain)) return { approve: true, words: text.trim() };
  return NO.has(plain) ? { approve: false } : { approve: false, words: text.trim() };
}
