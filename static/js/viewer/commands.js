/* The one table of the viewer's keys and buttons. `name` is the method of the viewer's `acts`, `keys` what triggers
   it, `needs` the ability without which it is absent, `button` whether the row of tools shows it.

   A page that answers by letters gives its answers' keys first; keys.js says how. */

export const COMMANDS = [
  { name: "window", keys: ["w"], button: true },
  { name: "invert", keys: ["i"], button: true },
  { name: "rotate", keys: ["r"], button: true },
  { name: "flip", keys: ["h"], button: true },
  { name: "reset", keys: ["0"], button: true },
  { name: "full", keys: ["f"], button: true },
  { name: "link", keys: ["l"], button: true, needs: "peers" },
  { name: "overlay", keys: ["o"], button: true, needs: "overlay" },
  { name: "box", keys: ["b"], button: true, needs: "box" },
  { name: "point", keys: ["p"], button: true, needs: "point" },
  { name: "length", keys: ["m"], button: true, needs: "length" },
  { name: "polygon", keys: ["g"], button: true, needs: "polygon" },
  { name: "remove", keys: ["Delete"], button: true, needs: "marks", cap: "Del" },
  { name: "markBefore", keys: ["["], needs: "marks" },
  { name: "markAfter", keys: ["]"], needs: "marks" },
  { name: "play", keys: ["c"], button: true, needs: "frames" },
  { name: "slower", keys: ["<", ","], needs: "frames" },
  { name: "faster", keys: [">", "."], needs: "frames" },
  { name: "frameBefore", keys: ["PageUp"], needs: "frames" },
  { name: "frameAfter", keys: ["PageDown"], needs: "frames" },
  { name: "zoomIn", keys: ["+", "=", "*"] },
  { name: "zoomOut", keys: ["-"] },
];

const BY_KEY = new Map(COMMANDS.flatMap((command) => command.keys.map((key) => [key, command])));

export function commandFor(key) {
  return BY_KEY.get(key);
}
