using DeviceAcme.EndToEnd.Processes;
using DeviceAcme.Testing;
using FluentAssertions;
using Xunit;

namespace DeviceAcme.EndToEnd.Operation;

/// <summary>The completion scripts in the shells that they are for: what the shell would offer behind what was typed.</summary>
public sealed class CompletionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("deviceacme-completion-").FullName;

    public CompletionTests()
    {
        // the name that the scripts complete, found on the path as it is where the program is installed
        var program = Path.Combine(_folder, "deviceacme");
        File.WriteAllText(program, $"#!/bin/sh\nexec dotnet '{AppContext.BaseDirectory}deviceacme.dll' \"$@\"\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    public void Dispose() => Directory.Delete(_folder, true);

    [Theory]
    [InlineData("token re", "revoke")]
    [InlineData("audit ver", "verify")]
    [InlineData("token add x --ro", "--role")]
    [InlineData("token add x --role ", "officer")]
    public async Task Bash_completes(string typed, string expected)
    {
        var words = typed.Split(' ');
        var script = $"""
            source <(deviceacme completion bash)
            COMP_LINE='deviceacme {typed}' COMP_POINT={"deviceacme ".Length + typed.Length}
            COMP_WORDS=(deviceacme {string.Join(' ', words.Select(word => $"'{word}'"))}) COMP_CWORD={words.Length}
            _deviceacme
            complete -p deviceacme
            declare -p COMPREPLY
            """;

        (await Shell("bash", "--norc", "--noprofile", "-c", script)).Should().Contain("complete -o default -F _deviceacme deviceacme").And.Contain($"\"{expected}\"");
    }

    [Theory, Needs("fish")]
    [InlineData("token re", "revoke")]
    [InlineData("token add x --ro", "--role")]
    [InlineData("token add x --role ", "officer")]
    public async Task Fish_completes(string typed, string expected) =>
        (await Shell("fish", "--no-config", "-c", $"deviceacme completion fish | source; complete --do-complete 'deviceacme {typed}'")).Split('\n').Should().Contain(expected);

    [Theory, Needs("zsh")]
    [InlineData("token re", "revoke")]
    [InlineData("token add x --role ", "officer")]
    public async Task Zsh_completes(string typed, string expected)
    {
        // outside of a line editor there is no completion: compadd shows what it is given
        var script = $"""
            autoload -U compinit; compinit -u -d '{_folder}/zcompdump'
            source <(deviceacme completion zsh)
            print -r -- "for deviceacme: $_comps[deviceacme]"
            compadd() {"{"} shift; print -rl -- "$@" {"}"}
            LBUFFER='deviceacme {typed}'
            _deviceacme
            """;

        (await Shell("zsh", "--no-rcs", "-c", script)).Split('\n').Should().Contain("for deviceacme: _deviceacme").And.Contain(expected);
    }

    private async Task<string> Shell(string shell, params string[] arguments)
    {
        var path = $"{_folder}{Path.PathSeparator}{Environment.GetEnvironmentVariable("PATH")}";
        var result = await Programs.Run(shell, arguments, new Dictionary<string, string> { ["PATH"] = path, ["HOME"] = _folder });
        return result.ShouldExit(0).Output;
    }
}
