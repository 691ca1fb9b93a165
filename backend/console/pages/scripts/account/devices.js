// devices.js -- short names of browsers and systems, for the list of where somebody is signed in.
const BROWSERS = [[/Edg\//, "Edge"], [/OPR\//, "Opera"], [/Firefox\//, "Firefox"], [/Chrom(e|ium)\//, "Chrome"], [/Safari\//, "Safari"]];
const SYSTEMS = [[/Android/, "Android"], [/iPhone|iPad/, "iOS"], [/Mac OS X/, "macOS"], [/Windows/, "Windows"], [/Linux/, "Linux"]];

// A short name for a browser; another program keeps its user agent.
export function describeDevice(agent) {
  if (!agent) return "Unknown device";
  const name = (table) => table.find(([sign]) => sign.test(agent))?.[1];
  const browser = name(BROWSERS);
  return browser ? [browser, name(SYSTEMS)].filter(Boolean).join(" on ") : agent.slice(0, 60);
}
