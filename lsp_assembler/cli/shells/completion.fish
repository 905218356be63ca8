# Completes the words of lsp-assembler: it says itself what can come next.
function __lsp_assembler_complete
    set -lx _LSP_ASSEMBLER_LINE (commandline --cut-at-cursor --current-process)
    set -l option (string match --regex -- '^--[^=]*=' (commandline --cut-at-cursor --current-token))
    set -l found (lsp-assembler 2>/dev/null)
    if test (count $found) -gt 0
        string join \n -- "$option"$found
    else
        __fish_complete_path (commandline --cut-at-cursor --current-token)
    end
end
complete --command lsp-assembler --no-files --arguments '(__lsp_assembler_complete)'
