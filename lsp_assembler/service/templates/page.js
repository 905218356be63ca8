
"use strict";
const search = document.getElementById("q");
if (search) {
  const rows = [...document.querySelectorAll("tbody tr")];
  const texts = rows.map((row) => row.textContent.toLowerCase());
  const count = document.getElementById("count");
  const all = count.textContent.split(" ").pop();
  document.querySelector("form button").hidden = true;
  const show = () => {
    const words = search.value.toLowerCase().split(/\s+/);
    let shown = 0;
    rows.forEach((row, index) => {
      row.hidden = !words.every((word) => texts[index].includes(word));
      shown += row.hidden ? 0 : 1;
    });
    count.textContent = `${shown} of ${all}`;
  };
  search.addEventListener("input", show);
  search.form.addEventListener("submit", (event) => {
    if (rows.length === Number(all)) event.preventDefault();
  });
}
if ("watches" in document.body.dataset) {
  let known = null;
  setInterval(async () => {
    try {
      const answer = await fetch(location.href, { method: "HEAD", headers: { accept: "text/html" }, cache: "no-store" });
      const tag = answer.headers.get("etag");
      if (known !== null && tag !== known) location.reload();
      known = tag;
    } catch {
      known = known ?? "";
    }
  }, 1000);
}
