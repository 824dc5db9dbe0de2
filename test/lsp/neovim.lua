-- Drives the language server as an editor does: diagnostics, completion, hover, a rename and formatting of one
-- policy. Prints one line of JSON. Reads from the environment: the set-up as a user writes it, and the policy.
local policy = vim.env.MCPP_POLICY
local PATIENCE = 60000
local result = {}

local function fail(message)
  print(vim.json.encode({ failed = message }))
  vim.cmd("cquit 1")
end

local ok, problem = pcall(function()
  dofile(vim.env.MCPP_SETUP)
  vim.cmd("edit " .. policy)
  assert(vim.bo.filetype == "mcpp", "no file type")
  -- A client is among those of its buffer once it is initialized.
  assert(vim.wait(PATIENCE, function() return next(vim.lsp.buf_get_clients(0)) ~= nil end, 20), "no client")
  local id, client = next(vim.lsp.buf_get_clients(0))

  assert(vim.wait(PATIENCE, function() return #vim.diagnostic.get(0) > 0 end, 20), "no diagnostics")
  result.diagnostics = vim.tbl_map(function(item) return { item.lnum, item.col, item.message } end, vim.diagnostic.get(0))

  local function at(line, character)
    return { textDocument = vim.lsp.util.make_text_document_params(0), position = { line = line, character = character } }
  end
  local function ask(method, params)
    local answers = assert(vim.lsp.buf_request_sync(0, method, params, PATIENCE), "no answer to " .. method)
    local answer = assert(answers[id], "no answer to " .. method)
    assert(answer.err == nil, vim.inspect(answer.err))
    return answer.result
  end

  result.hover = ask("textDocument/hover", at(2, 8)).contents.value
  local items = ask("textDocument/completion", at(4, 10)).items
  result.completion = vim.tbl_map(function(item) return item.label end, items)

  local rename = at(3, 5)
  rename.newName = "ceiling"
  local edit = ask("textDocument/rename", rename)
  vim.lsp.util.apply_workspace_edit(edit, "utf-16")
  local format = { textDocument = vim.lsp.util.make_text_document_params(0), options = { tabSize = 2, insertSpaces = true } }
  vim.lsp.util.apply_text_edits(ask("textDocument/formatting", format), 0, "utf-16")
  result.name = client.name
  result.lines = vim.api.nvim_buf_get_lines(0, 0, -1, false)
end)

if not ok then fail(problem) end
print(vim.json.encode(result))
vim.cmd("quitall!")
