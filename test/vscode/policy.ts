/** The policy that is edited, with a mistake in it and a line that is not laid out. */
export const POLICY = `/// What support agents may do on our payments server.
server payments tools "./payments.tools.json"

default deny

let max_refund = 100_00
group @lookups = list_*, get_* except get_secret

allow @lookups limit each 60/minute per grant

on create_refund {
  allow
  deny unless args.amount <= max_refund because "Larger refunds are made by finance."
  limit 10/hour per grant
}

deny create_payoutt because "Payouts are made by finance."
deny    delete_customer
`;

export const NOTES = `# Notes

\`\`\`mcpp
allow get_charge limit 5/minute
\`\`\`
`;

/** Nothing in the window but what the pictures are about. */
export const SETTINGS = {
  "breadcrumbs.enabled": false,
  "chat.commandCenter.enabled": false,
  "editor.fontSize": 14,
  "editor.hover.delay": 200,
  "editor.inlayHints.enabled": "on",
  "editor.inlayHints.fontSize": 12,
  "editor.minimap.enabled": false,
  "editor.overviewRulerBorder": false,
  "editor.parameterHints.enabled": false,
  "editor.renderLineHighlight": "none",
  "editor.scrollbar.horizontal": "hidden",
  "editor.scrollbar.vertical": "hidden",
  "editor.scrollBeyondLastLine": false,
  "editor.stickyScroll.enabled": false,
  "files.autoSave": "off",
  "files.simpleDialog.enable": true,
  "window.commandCenter": false,
  "workbench.activityBar.location": "hidden",
  "workbench.colorTheme": "Default Light Modern",
  "workbench.layoutControl.enabled": false,
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
};
