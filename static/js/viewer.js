/* <rs-viewer>: shows one medical image, or a stack of frames, in its full range of values.

   <rs-viewer data-label="Current" data-meta="URL" data-full="URL, {frame} counts from 0"
              data-preview="URL" data-width="1841" data-height="1955"
              data-overlay="URL" data-overlay-label="Heat map"
              data-tools="box point length polygon" data-marks="JSON">
     <img src="preview" alt="Current">          <- all there is without JavaScript
   </rs-viewer>

   The meta URL answers {kind: "grey16" | "rgb8", width, height, frames, key_frame, frame_time_ms, offset, scale,
   frame_values: [[scale, offset], …] | null, windows: [{center, width, name}], window: {center, width},
   window_function: "linear" | "linear_exact", inverted, spacing_mm: [of rows, of columns],
   spacing_kind: "calibrated" | "at detector"}.
   A grey value is raw * scale + offset; `inverted` means that low values are bright. A stack opens at key_frame, and
   the preview is of that frame; it is drawn as it is, until the pixels themselves have arrived and been decoded.

   data-tools names the marks that may be drawn, none by default. The property `marks` holds them, data-marks the
   first ones: [{kind, frame, points: [[x, y], …], label}] in pixels of the original image, x to the right, y down,
   [0, 0] the outer corner of the first pixel; a box is two opposite corners. The event rs-viewer:marked tells of
   each that was drawn or removed, rs-viewer:loaded of each frame that is there in full range.

   Viewers with the same parent are linked. The parts lie in viewer/, keys and buttons in viewer/commands.js. */

import { RsViewer } from "./viewer/element.js";

customElements.define("rs-viewer", RsViewer);
