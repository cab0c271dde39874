// Runs Python in a MicroPython interpreter: `node run.mjs INTERPRETER` with a job on standard input,
// {"files": {path inside: text}, "code": text}. What it prints comes out; a traceback goes to standard error, exit code 1.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const HEAP_BYTES = 64 * 1024 * 1024;

const job = JSON.parse(readFileSync(0, 'utf8'));
const { loadMicroPython } = await import(pathToFileURL(resolve(process.argv[2], 'micropython.mjs')));
const python = await loadMicroPython({ heapsize: HEAP_BYTES, linebuffer: true, stdout: (line) => console.log(line) });

const made = new Set(['']);
function makeFolder(path) {
  if (made.has(path)) return;
  makeFolder(path.slice(0, path.lastIndexOf('/')));
  made.add(path);
  if (!python.FS.analyzePath(path).exists) python.FS.mkdir(path);
}
for (const [path, text] of Object.entries(job.files)) {
  makeFolder(path.slice(0, path.lastIndexOf('/')));
  python.FS.writeFile(path, text);
}
try {
  python.runPython(job.code);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
