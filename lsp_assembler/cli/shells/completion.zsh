# Completes the words of lsp-assembler: it says itself what can come next.
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
_lsp_assembler() {
  local each help
  local -a found
  for each in "${(@f)$(_LSP_ASSEMBLER_LINE="${(j: :)words[1,CURRENT-1]} $PREFIX" $words[1] 2>/dev/null)}"; do
    help=${each#*$'\t'}
    [[ -n $each ]] && found+=("${${each%%$'\t'*}//:/\\:}${help:+:$help}")
  done
  [[ $PREFIX == --*=* ]] && compset -P '*='
  if (( $#found )); then
    _describe 'lsp-assembler' found
  else
    compset -P '*:'
    _files
  fi
}
compdef _lsp_assembler lsp-assembler
