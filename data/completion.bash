# completion.bash - what ostler-admin and ostler-guests can be told                        -*- shell-script -*-
# SPDX-License-Identifier: LGPL-2.1-or-later
_ostler_admin()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    [ "$word" = "=" ] && word=
    [ "$before" = "=" ] && before=${COMP_WORDS[COMP_CWORD - 2]}
    case $before in
    -d | --daemon) COMPREPLY=($(compgen -W "qemud lxcd netd noded proxyd" -- "$word")) ;;
    --root) COMPREPLY=($(compgen -d -- "$word")) ;;
    --object) COMPREPLY=($(compgen -W "$(virsh -q list --all --name 2>/dev/null)" -- "$word")) ;;
    --on-stop) COMPREPLY=($(compgen -W "shutdown save" -- "$word")) ;;
    -n | --count | --client | --timeout | --parallel) COMPREPLY=() ;;
    *)
        case ${1##*/} in
        ostler-guests) set -- start stop --on-stop= --timeout= --parallel= --no-start --root= --version --help ;;
        *) set -- top trace config check --daemon= --json --count= --client= --object= --root= --version --help ;;
        esac
        COMPREPLY=($(compgen -W "$*" -- "$word"))
        [[ ${COMPREPLY[0]:-} == *= ]] && compopt -o nospace
        ;;
    esac
}
complete -F _ostler_admin ostler-admin ostler-guests
