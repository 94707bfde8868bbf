using System.CommandLine;

namespace DeviceAcme.Cli;

/// <summary><c>deviceacme completion bash | zsh | fish</c>: a script for the shell, which asks the program itself what could follow.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        # deviceacme completion bash > /etc/bash_completion.d/deviceacme
        _deviceacme() {
          local line="${COMP_LINE#* }" IFS=$'\n'
          local point=$((COMP_POINT - ${#COMP_LINE} + ${#line}))
          COMPREPLY=($(compgen -W "$(deviceacme "[suggest:$point]" "$line" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _deviceacme deviceacme
        """;

    private const string Zsh = """
        #compdef deviceacme
        # deviceacme completion zsh > "${fpath[1]}/_deviceacme"
        _deviceacme() {
          local line="${LBUFFER#* }"
          local -a found
          found=("${(@f)$(deviceacme "[suggest:${#line}]" "$line" 2>/dev/null)}")
          compadd -- $found || _files
        }
        compdef _deviceacme deviceacme
        """;

    private const string Fish = """
        # deviceacme completion fish > ~/.config/fish/completions/deviceacme.fish
        function __deviceacme_complete
          set -l line (commandline -cp | string replace -r '^\s*\S+\s' '')
          deviceacme "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
        end
        complete -c deviceacme -a '(__deviceacme_complete)'
        """;

    public static Command Make(TextWriter output) => new("completion", "a script that completes commands and options")
    {
        Shell("bash", Bash, output), Shell("zsh", Zsh, output), Shell("fish", Fish, output),
    };

    private static Command Shell(string name, string script, TextWriter output)
    {
        var command = new Command(name, $"for {name}");
        command.SetAction(_ => output.Write(script.ReplaceLineEndings("\n") + "\n"));
        return command;
    }
}
