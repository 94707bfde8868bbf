using System.Collections.Concurrent;
using System.CommandLine;
using System.Text.Json;
using System.Text.RegularExpressions;
using DeviceAcme.Cli;
using DeviceAcme.Cli.Verify;
using DeviceAcme.Server.Tests.Hosting;
using FluentAssertions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace DeviceAcme.Server.Tests.Admin;

/// <summary><c>deviceacme</c> covers the whole API: each operation of the OpenAPI document has a command that asks for it.</summary>
public sealed partial class CommandCoverageTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("deviceacme-").FullName;

    public CommandCoverageTests()
    {
        File.WriteAllText(Path.Combine(_folder, "tls-server.yaml"), File.ReadAllText(Path.Combine(Server.Hosting.Settings.ShippedProfiles, "tls-server.yaml")) + "# another text\n");
        File.WriteAllText(Path.Combine(_folder, "devices.csv"), "serial\nC02SIM000001\n");
        using var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256);
        File.WriteAllText(Path.Combine(_folder, "key.pem"), key.ExportSubjectPublicKeyInfoPem());
        var request = new System.Security.Cryptography.X509Certificates.CertificateRequest("CN=x", key, System.Security.Cryptography.HashAlgorithmName.SHA256);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now, now.AddDays(1));
        File.WriteAllText(Path.Combine(_folder, "ca.pem"), certificate.ExportCertificatePem());
    }

    public void Dispose() => Directory.Delete(_folder, true);

    [Fact]
    public async Task Each_operation_has_a_command_that_asks_for_it()
    {
        var asked = new ConcurrentQueue<string>();
        await using var server = await RunningServerOnLoopback.Start(customize: builder => builder.Services.AddSingleton<IStartupFilter>(new Recorder(asked)));
        using var answer = await server.Send(HttpMethod.Get, new Uri(server.Admin, "/admin/v1/openapi.json"), server.Token);
        var document = JsonElement.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        var operations = document.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(operation => $"{operation.Name.ToUpperInvariant()} {path.Name}")).ToList();

        CommandTable.Commands.Select(command => command.Operation).Concat(CommandTable.Elsewhere).Should().BeEquivalentTo(operations, "CommandTable names a command for each");
        var wrong = new List<string>();
        foreach (var (operation, command) in CommandTable.Commands)
        {
            asked.Clear();
            var run = await Terminal.Run(server, [.. command.Split(' ').Select(word => word.Replace("FOLDER", _folder, StringComparison.Ordinal))]);

            if (run.Code == 2 || !asked.Any(request => Pattern(operation).IsMatch(request)))
            {
                wrong.Add($"'deviceacme {command}' should ask for {operation}; it asked for {string.Join(", ", asked)}, ended with {run.Code} and said {run.Talk}");
            }
        }

        wrong.Should().BeEmpty();
    }

    [Fact]
    public async Task Each_command_says_what_it_does_and_what_it_takes()
    {
        foreach (var (path, command) in Leaves())
        {
            var run = await Terminal.Run("", [.. path, "--help"]);

            run.Code.Should().Be(0, string.Join(' ', path));
            run.Output.Should().Contain(command.Description).And.Contain("Usage:");
            run.Talk.Should().BeEmpty();
            command.Options.Concat<Symbol>(command.Arguments).Where(symbol => symbol.Description is null).Should().BeEmpty(string.Join(' ', path));
        }
    }

    [Fact]
    public void Commands_that_ask_a_server_find_it_in_the_same_way()
    {
        var asking = CommandTable.Commands.Select(entry => Leaves().Where(leaf => (entry.Command + " ").StartsWith(string.Join(' ', leaf.Path) + " ", StringComparison.Ordinal)).MaxBy(leaf => leaf.Path.Count)).ToList();

        asking.Should().OnlyContain(leaf => leaf.Command != null);
        foreach (var (path, command) in asking)
        {
            var options = command.Parents.OfType<Command>().SelectMany(parent => parent.Options).Concat(command.Options).Select(option => option.Name);
            options.Should().Contain(AdminSetting.All.Select(setting => setting.Option), string.Join(' ', path)).And.Contain("--data");
        }
    }

    private static IReadOnlyList<(IReadOnlyList<string> Path, Command Command)> Leaves()
    {
        var leaves = new List<(IReadOnlyList<string>, Command)>();
        Walk(CommandLine.Tree(TextWriter.Null, new Talk(TextWriter.Null), TimeProvider.System, AnchorFolders.Read, TextReader.Null), []);
        return leaves;

        void Walk(Command command, IReadOnlyList<string> path)
        {
            if (command.Action is not null)
            {
                leaves.Add((path, command));
            }

            foreach (var below in command.Subcommands)
            {
                Walk(below, [.. path, below.Name]);
            }
        }
    }

    private static Regex Pattern(string operation) => new($"^{Parameter().Replace(operation, "[^/]+")}$", RegexOptions.CultureInvariant);

    [GeneratedRegex(@"\{[^}]+\}")]
    private static partial Regex Parameter();

    /// <summary>Writes down what the server is asked.</summary>
    private sealed class Recorder(ConcurrentQueue<string> asked) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((context, rest) =>
            {
                asked.Enqueue($"{context.Request.Method} {context.Request.Path}");
                return rest(context);
            });
            next(app);
        };
    }
}
