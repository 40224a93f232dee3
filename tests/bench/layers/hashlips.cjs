// What HashLips' engine does for every edition, with the library that it does it with (node-canvas): every layer's file is
// decoded, drawn on one canvas, and the canvas written as PNG. Which traits an edition has comes from Salon's metadata, so that
// both paint the same pictures.
//
//     node hashlips.cjs PROJECT OUT COUNT METADATA.jsonl        (NODE_PATH names the folder that has `canvas`)
const fs = require("node:fs");
const path = require("node:path");
const { createCanvas, loadImage } = require("canvas");

const [project, out, count, metadata] = process.argv.slice(2);
const SIDE = 1000;
const canvas = createCanvas(SIDE, SIDE);
const context = canvas.getContext("2d");
const rows = fs.readFileSync(metadata, "utf8").trim().split("\n").slice(0, Number(count)).map((line) => JSON.parse(line));

async function main() {
  fs.mkdirSync(out, { recursive: true });
  const before = process.cpuUsage();
  for (const row of rows) {
    const images = await Promise.all(
      row.traits.map((one) => loadImage(path.join(project, "layers", one.trait_type, `${one.value}#10.png`))),
    );
    context.clearRect(0, 0, SIDE, SIDE);
    for (const image of images) {
      context.globalAlpha = 1;
      context.globalCompositeOperation = "source-over";
      context.drawImage(image, 0, 0, SIDE, SIDE);
    }
    fs.writeFileSync(path.join(out, row.file_name), canvas.toBuffer("image/png"));
  }
  const used = process.cpuUsage(before);
  console.log(JSON.stringify({ cpu_ms: (used.user + used.system) / 1000 / rows.length }));
}
main();
