/* What a person dropped: files, and every file below a dropped folder. */

function readBatch(reader) {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject));
}

/** Every file below a dropped entry, with its path inside what was dropped. */
async function* walk(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    yield { file, path: entry.fullPath.replace(/^\//, "") };
    return;
  }
  const reader = entry.createReader();
  for (let batch = await readBatch(reader); batch.length > 0; batch = await readBatch(reader)) {
    for (const inner of batch) yield* walk(inner);
  }
}

export async function droppedFiles(transfer) {
  const entries = [...transfer.items].map((dropped) => dropped.webkitGetAsEntry?.()).filter(Boolean);
  if (entries.length === 0) return [...transfer.files].map((file) => ({ file, path: file.name }));
  const found = [];
  for (const entry of entries) for await (const file of walk(entry)) found.push(file);
  return found;
}
