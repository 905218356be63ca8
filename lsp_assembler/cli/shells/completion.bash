# Completes the words of lsp-assembler: it says itself what can come next.
_lsp_assembler() {
  local line=${COMP_LINE:0:COMP_POINT} found
  # Readline puts a word back from where it breaks it: after a ':' of an image name, after a '='.
  local word=${line##*[[:space:]]}
  local kept=${word%"${word##*[$COMP_WORDBREAKS]}"}
  COMPREPLY=()
  while IFS=$'\t' read -r found _; do
    COMPREPLY+=("${found#"$kept"}")
  done < <(_LSP_ASSEMBLER_LINE=$line "$1" 2>/dev/null)
  if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *: ]]; then
    compopt -o nospace 2>/dev/null
  fi
}
complete -o default -F _lsp_assembler lsp-assembler
