// Builds the page into ../tql_client/playground/static, or into the folder that is given.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const target = process.argv[2] ?? join(here, "..", "tql_client", "playground", "static");

mkdirSync(target, { recursive: true });
const made = await build({
  absWorkingDir: here,
  entryPoints: ["sources/playground.js", "sources/playground.css"],
  outdir: target,
  bundle: true,
  charset: "utf8",
  format: "esm",
  legalComments: "none",
  metafile: true,
  minify: true,
  target: "es2022",
});
copyFileSync(join(here, "sources", "index.html"), join(target, "index.html"));

// The licences of the packages whose code is in the bundle.
const packages = new Set();
for (const path of Object.keys(made.metafile.inputs)) {
  const found = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path.split(sep).join("/"));
  if (found) packages.add(found[1]);
}
const parts = [...packages].sort().map((name) => {
  const folder = join(here, "node_modules", name);
  const { version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return `${name} ${version}\n\n${readFileSync(join(folder, "LICENSE"), "utf8").trim()}\n`;
});
writeFileSync(join(target, "LICENSES.txt"), parts.join("\n----\n\n"));
for (const path of Object.keys(made.metafile.outputs)) console.log(relative(process.cwd(), join(here, path)));
