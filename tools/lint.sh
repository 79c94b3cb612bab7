#!/usr/bin/env bash
# Formatting and shellcheck of all files, and clang-tidy of sources. Those of tests, nearly as many, are left out unless they
# are named:
#   tools/lint.sh                     all
#   tools/lint.sh --quick             none
#   tools/lint.sh --changed [COMMIT]  those that differ from COMMIT (else from where this branch left origin/main, else from
#                                     the commit before)
#   tools/lint.sh FILE...             these
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

base_commit() {
  local base
  base=$(git merge-base HEAD origin/main 2> /dev/null) || base=
  # On main itself, or in a clone without an origin.
  [ -n "$base" ] && [ "$base" != "$(git rev-parse HEAD)" ] || base=$(git rev-parse --verify --quiet HEAD~1) || base=HEAD
  printf '%s' "$base"
}

case "${1:-}" in
  --quick) files=() ;;
  --changed) mapfile -t files < <(git diff --name-only --diff-filter=d "${2:-$(base_commit)}" -- '*.cpp' ':!tests/') ;;
  '') mapfile -t files < <(git ls-files '*.cpp' ':!tests/') ;;
  *) files=("$@") ;;
esac

tools/install.sh lint
git ls-files '*.cpp' '*.hpp' | xargs clang-format-19 --dry-run -Werror
{ git ls-files '*.sh'; git grep -lE '^#!.*\b(ba)?sh\b'; } | sort -u | xargs shellcheck -x -P .
[ ${#files[@]} = 0 ] || tools/tidy.sh "${files[@]}"
echo "lint: clean (clang-tidy: ${#files[@]} files)"
