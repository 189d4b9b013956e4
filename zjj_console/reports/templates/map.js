(function () {
  "use strict";
  var root = document.documentElement;
  var all = function (css) { return Array.prototype.slice.call(document.querySelectorAll(css)); };
  var radios = all("input[name=layer]");
  root.classList.add("scripted");
  function read() {
    var found = {}, text = location.hash.slice(1);
    if (text.indexOf("grid-") === 0) { found.grid = decode(text.slice(5)); }
    text.split("&").forEach(function (pair) {
      var at = pair.indexOf("=");
      if (at > 0) { found[pair.slice(0, at)] = decode(pair.slice(at + 1)); }
    });
    return found;
  }
  function decode(text) {
    try { return decodeURIComponent(text); } catch (error) { return ""; }
  }
  function current() {
    return radios.filter(function (one) { return one.checked; })[0];
  }
  function mark(css, attribute, grid) {
    all(css).forEach(function (one) { one.classList.toggle("chosen", one.getAttribute(attribute) === grid); });
  }
  function show() {
    var asked = read();
    radios.forEach(function (one) { if (one.value === asked.layer) { one.checked = true; } });
    var known = all(".cases").some(function (one) { return one.getAttribute("data-cases") === asked.grid; });
    var grid = known ? asked.grid : "";
    root.classList.toggle("picked", known);
    mark(".cases", "data-cases", grid);
    mark("tr[data-row]", "data-row", grid);
    mark("path[data-border]", "data-border", grid);
    mark(".picture a", "data-grid", grid);
    all("path.chosen").forEach(function (one) { one.parentNode.appendChild(one); });
  }
  function go(layer, grid) {
    var text = "#layer=" + encodeURIComponent(layer) + (grid ? "&grid=" + encodeURIComponent(grid) : "");
    if (location.hash !== text) { location.replace(text); }
  }
  function choose(event) {
    var link = event.target.closest ? event.target.closest("a[data-grid]") : null;
    if (!link) { return; }
    if (event.type === "click") { event.preventDefault(); }
    go(current().value, link.getAttribute("data-grid"));
  }
  radios.forEach(function (one) {
    one.addEventListener("change", function () { go(one.value, read().grid); });
  });
  document.addEventListener("click", choose);
  document.addEventListener("focusin", choose);
  window.addEventListener("hashchange", show);
  show();
}());
