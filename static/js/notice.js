// Lead keyboard and screen reader to what is wrong, so that nobody has to look for it.
const notice = document.querySelector("[data-notice]");
if (notice) notice.focus();
