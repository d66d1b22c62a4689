// Tests under Python 3.14 as WebAssembly: `node run.mjs PROJECT SITE TEST..`. SITE is a folder with the packages that the tests import.
// It has neither numpy nor the engine, so the tests are those that need none.
import { pathToFileURL } from "node:url";

const [project, site, ...tests] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${site}/node_modules/pyodide/pyodide.mjs`).href);
const python = await loadPyodide();
for (const [place, root] of [["/project", project], ["/site", `${site}/python`]]) {
  python.FS.mkdir(place);
  python.FS.mount(python.FS.filesystems.NODEFS, { root }, place);
}
// The profile of Hypothesis has no deadline, since no test asserts a time.
const options = ["-q", "--noconftest", "--import-mode=importlib", "-p", "no:cacheprovider", "-o", "addopts=", "--hypothesis-profile=ci"];
python.globals.set("arguments", python.toPy([...options, ...tests]));
process.exitCode = python.runPython(`
import os, platform, sys
sys.dont_write_bytecode = True
sys.path[:0] = ["/project", "/project/client", "/project/grammar", "/site"]
os.chdir("/project")
print("Python", platform.python_version())
import pytest
int(pytest.main(arguments))
`);
