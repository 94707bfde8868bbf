using System.CommandLine;
using DeviceAcme.Attestation;
using DeviceAcme.Cli.Accounts;
using DeviceAcme.Cli.Apple;
using DeviceAcme.Cli.Audit;
using DeviceAcme.Cli.Backup;
using DeviceAcme.Cli.Certificates;
using DeviceAcme.Cli.ClientConfig;
using DeviceAcme.Cli.Coverage;
using DeviceAcme.Cli.Devices;
using DeviceAcme.Cli.Orders;
using DeviceAcme.Cli.Profiles;
using DeviceAcme.Cli.Reverify;
using DeviceAcme.Cli.Sync;
using DeviceAcme.Cli.Tickets;
using DeviceAcme.Cli.Verify;
using DeviceAcme.Cli.Webhooks;

namespace DeviceAcme.Cli;

/// <summary>Every command of <c>deviceacme</c>.</summary>
internal static class CommandLine
{
    private const int Success = 0;
    private const int Failure = 1;
    private const int Usage = 2;

    /// <param name="input">Where answers to questions come from; null for the terminal.</param>
    /// <param name="readAnchors">How folders of anchors are read; null reads them each time.</param>
    public static async Task<int> Run(
        IReadOnlyList<string> arguments, TextWriter output, Talk talk, TimeProvider time, Func<IReadOnlyList<string>, AnchorSet>? readAnchors = null, TextReader? input = null)
    {
        var root = Tree(output, talk, time, readAnchors ?? AnchorFolders.Read, input ?? Console.In);
        HelpExamples.AddTo(root);
        var parsed = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        foreach (var error in parsed.Errors)
        {
            talk.Error(error.Message.TrimEnd('.'));
        }

        if (parsed.Errors.Count > 0)
        {
            talk.Hint("--help lists commands and options");
            return Usage;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, Output = output });
        }
        catch (WrongUse wrong)
        {
            talk.Error(wrong.Message);
            if (wrong.Hint is not null)
            {
                talk.Hint(wrong.Hint);
            }

            return Usage;
        }
        catch (CommandFailure failure)
        {
            talk.Error(failure.Message);
            foreach (var detail in failure.Details)
            {
                talk.Error(detail);
            }

            if (failure.Hint is not null)
            {
                talk.Hint(failure.Hint);
            }

            return Failure;
        }
    }

    /// <summary>All commands.</summary>
    internal static RootCommand Tree(TextWriter output, Talk talk, TimeProvider time, Func<IReadOnlyList<string>, AnchorSet> readAnchors, TextReader input)
    {
        var root = new RootCommand("Administration of a DeviceAcme server from a terminal.");
        root.Subcommands.Add(Eab(output, talk));
        root.Subcommands.Add(new TicketCommands(output, talk).Command());
        root.Subcommands.Add(ExplainCommand.Make(output));
        root.Subcommands.Add(EvidenceCommands.Make(output, talk));
        root.Subcommands.Add(new DeviceCommands(output, talk).Command());
        root.Subcommands.Add(new OrderCommands(output, talk).Command());
        root.Subcommands.Add(new AccountCommands(output, talk).Command());
        root.Subcommands.Add(new CertificateCommands(output, talk).Command());
        root.Subcommands.Add(AnchorCommands.Make(output, talk));
        root.Subcommands.Add(new AuditCommands(output, talk, time).Command());
        root.Subcommands.Add(AttestationKeyCommands.Make(output, talk));
        root.Subcommands.Add(Ca());
        foreach (var command in BackupCommands.Make())
        {
            root.Subcommands.Add(command);
        }

        root.Subcommands.Add(new TokenCommands(output, talk, time).Command());
        root.Subcommands.Add(OpenApiCommand.Make(output));
        root.Subcommands.Add(CompletionCommand.Make(output));
        root.Subcommands.Add(new InitCommand(input, output, talk).Command());
        root.Subcommands.Add(AppleCommand.Make(output, talk, time));
        root.Subcommands.Add(ClientConfigCommand.Make(output, talk));
        root.Subcommands.Add(ProfileCommand.Make(input, output, talk, time));
        root.Subcommands.Add(CoverageCommand.Make(output, talk, new AdminServerChoice()));
        root.Subcommands.Add(new VerifyCommand(output, talk, time, readAnchors).Command());
        root.Subcommands.Add(new ReverifyCommand(output, talk, time, new AdminServerChoice()).Command());
        root.Subcommands.Add(new WebhookCommands(output, talk).Command());
        root.Subcommands.Add(new SyncCommands(output, talk).Command());
        return root;
    }

    private static Command Eab(TextWriter output, Talk talk)
    {
        var choice = new AdminServerChoice();
        var json = ForMachines();
        var profile = new Option<string?>("--profile") { HelpName = "NAME", Description = "the only profile that the key is good for [default: all]" };
        var expires = new Option<string?>("--expires") { HelpName = "TIME", Description = "how long the key can be used: 45m, 12h, 30d [default: until it is removed]" };
        var keyId = new Argument<string>("key-id") { Description = "as list prints it" };

        var add = new Command("add", "makes a key; its MAC key is shown once") { profile, expires };
        add.SetAction(async (parsed, cancellation) =>
        {
            var keys = await EabKeys.Open(choice, parsed, cancellation);
            var made = await keys.Add(parsed.GetValue(profile), parsed.GetValue(expires), cancellation);
            output.WriteLine(parsed.GetValue(json) ? EabText.Json(made) : EabText.One(made));
            talk.Hint("the MAC key is not shown again");
            return Success;
        });

        var list = new Command("list", "lists the keys without their MAC keys");
        list.SetAction(async (parsed, cancellation) =>
        {
            var keys = await EabKeys.Open(choice, parsed, cancellation);
            var all = await keys.List(cancellation);
            output.Write(parsed.GetValue(json) ? EabText.Json(all) + Environment.NewLine : EabText.Table(all));
            return Success;
        });

        var remove = new Command("remove", "removes a key; the account that it made goes on") { keyId };
        remove.SetAction(async (parsed, cancellation) =>
        {
            var keys = await EabKeys.Open(choice, parsed, cancellation);
            await keys.Remove(parsed.GetRequiredValue(keyId), cancellation);
            return Success;
        });

        return new Command("eab", "keys for external account binding (RFC 8555 §7.3.4)") { choice, json, add, list, remove };
    }

    /// <summary><c>--data</c>, for commands that read files of the data directory; those that speak with a server have an <see cref="AdminServerChoice"/>.</summary>
    internal static Option<string> DataDirectory() => new("--data")
    {
        HelpName = "DIR",
        Description = "the server's data directory [default: data, or DEVICEACME_DATA]",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("DEVICEACME_DATA") is { Length: > 0 } folder ? folder : "data",
        Recursive = true,
    };

    /// <summary><c>--json</c>.</summary>
    internal static Option<bool> ForMachines() => new("--json") { Description = "for machines", Recursive = true };

    // The CA's keys are the server's: its own program works on them.
    private static Command Ca()
    {
        var rest = new Argument<string[]>("arguments") { Description = "csr, import or show, with the server's options", Arity = ArgumentArity.ZeroOrMore };
        var ca = new Command("ca", "the built-in CA: csr, import, show") { rest };
        ca.TreatUnmatchedTokensAsErrors = false;
        ca.SetAction(parsed => ServerProgram.RunInTerminal(["ca", .. parsed.GetValue(rest) ?? [], .. parsed.UnmatchedTokens]));
        return ca;
    }
}
