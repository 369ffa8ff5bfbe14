import { COMPLETE } from './complete-command.ts';

export type Shell = keyof typeof completionScripts;

/** Each asks the program what the word under the cursor can become: one line each, a tab before what it is about. */
export const completionScripts = {
  bash: `_algolia_ingestion() {
  local line=\${COMP_LINE:0:COMP_POINT} words current candidate
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  current=\${words[\${#words[@]} - 1]}
  # bash replaces only what follows the last of these.
  local kept=\${current%"\${current##*[@:=]}"}
  COMPREPLY=()
  while IFS=$'\\t' read -r candidate _; do
    COMPREPLY+=("\${candidate#"$kept"}")
  done < <(algolia-ingestion ${COMPLETE} -- "\${words[@]:1}" 2>/dev/null)
  if [[ \${#COMPREPLY[@]} == 1 && \${COMPREPLY[0]} == */ ]]; then compopt -o nospace 2>/dev/null; fi
}
complete -F _algolia_ingestion algolia-ingestion
`,
  zsh: `#compdef algolia-ingestion
_algolia_ingestion() {
  local -a values shown directories
  local value about
  while IFS=$'\\t' read -r value about; do
    if [[ $value == */ ]]; then
      directories+=("$value")
    else
      values+=("$value")
      shown+=("$value\${about:+  -- $about}")
    fi
  done < <(algolia-ingestion ${COMPLETE} -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)
  if (( $#values )); then compadd -l -d shown -a values; fi
  if (( $#directories )); then compadd -S '' -a directories; fi
}
if [[ $funcstack[1] == _algolia_ingestion ]]; then
  _algolia_ingestion "$@"
else
  compdef _algolia_ingestion algolia-ingestion
fi
`,
  fish: `function __algolia_ingestion_complete
  set -l words (commandline -opc)
  set -e words[1]
  set -l current (commandline -ct)
  algolia-ingestion ${COMPLETE} -- $words "$current" 2>/dev/null
end
complete -c algolia-ingestion -f -a '(__algolia_ingestion_complete)'
`,
} as const;
