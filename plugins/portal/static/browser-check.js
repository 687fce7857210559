// R09: is this browser Edge 124, Chrome 126 or Firefox 123, or later? The relay judges the same by the same reading
// (plugins/posture_checks/browser/user_agent.cpp); this says so to a browser that could not even parse the page's script.
// Therefore the syntax of 1999 (ECMAScript 3) and nothing else; a test parses it as that.
(function (root) {
  var known = [
    { name: "Edg", least: 124, beside: " Mozilla AppleWebKit Chrome Safari " },
    { name: "Firefox", least: 123, beside: " Mozilla Gecko " },
    { name: "Chrome", least: 126, beside: " Mozilla AppleWebKit Safari " }
  ];

  // Products outside of comments, as [name, version]; null when the text has no such shape.
  function products(text) {
    var out = [], depth = 0, word = "", i, c, slash;
    if (text.length > 512) { return null; }
    for (i = 0; i <= text.length; i++) {
      c = i < text.length ? text.charAt(i) : " ";
      if (depth === 0) {
        if (c !== " " && c !== "(" && c !== ")") {
          word += c;
        } else if (word !== "") {
          slash = word.indexOf("/");
          out.push(slash < 0 ? [word, ""] : [word.substring(0, slash), word.substring(slash + 1)]);
          word = "";
        }
      }
      if (c === "(") { depth++; }
      if (c === ")" && --depth < 0) { return null; }
    }
    return depth === 0 ? out : null;
  }

  function major(version) {
    var digits = version.split(".")[0];
    return /^[0-9]{1,6}$/.test(digits) ? parseInt(digits, 10) : -1;
  }

  function allowed(agent) {
    var list = products(agent), i, j, found, version;
    if (list === null) { return false; }
    for (i = 0; i < known.length; i++) {
      found = 0;
      version = "";
      for (j = 0; j < list.length; j++) {
        if (list[j][0] === known[i].name) {
          found++;
          version = list[j][1];
        }
      }
      if (found === 0) { continue; }
      for (j = 0; j < list.length; j++) {
        if (list[j][0] !== known[i].name && known[i].beside.indexOf(" " + list[j][0] + " ") < 0) { return false; }
      }
      return found === 1 && major(version) >= known[i].least;
    }
    return false;
  }

  root.sekishoBrowserAllowed = allowed;
  if (root.document && !allowed(root.navigator.userAgent)) {
    root.document.documentElement.className += " old-browser";
  }
}(this));
