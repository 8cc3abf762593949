// A slider's handle, which is what a screen reader reads, does not take over its description.
const name = () => document.querySelectorAll(".widget-slider").forEach(slider => {
  const label = slider.querySelector("label"), handle = slider.querySelector(".noUi-handle");
  if (label && handle) handle.setAttribute("aria-label", label.textContent);
});
new MutationObserver(name).observe(document.body, {childList: true, subtree: true});
name();
