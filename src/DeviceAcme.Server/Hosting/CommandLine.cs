using System.CommandLine;
using System.CommandLine.Parsing;
using DeviceAcme.Core.Profiles;

namespace DeviceAcme.Server.Hosting;

/// <summary>The program's command line, made from the table of settings.</summary>
internal sealed class CommandLine(Talk talk, SettingsLoader loader)
{
    // longer than the host takes to end what was accepted: the parser's own two seconds would cut that short
    private static readonly TimeSpan EndTimeout = ServerApplication.ShutdownTimeout + TimeSpan.FromSeconds(5);

    private readonly Dictionary<string, Option<string[]>> _options = [];

    private readonly Option<string?> _config = new(Settings.ConfigOption)
    {
        HelpName = "FILE",
        Description = $"{Settings.ConfigHelp} [default: {Settings.FileName} in the working directory, if it is there]",
        Recursive = true,
    };

    /// <summary>The command that serves, with every setting as an option.</summary>
    /// <param name="begin">What serving will need whatever the profiles say, begun while they are read.</param>
    public RootCommand Root(Action<ServerOptions> begin, Func<ServerOptions, Installation, CancellationToken, Task<int>> serve)
    {
        var root = new RootCommand("Enrollment server: certificates for devices that prove themselves, over ACME (RFC 8555, device-attest-01).")
        {
            _config,
        };
        foreach (var setting in Settings.All)
        {
            root.Options.Add(_options[setting.Name] = new Option<string[]>(setting.OptionName)
            {
                HelpName = setting.ValueName,
                Description = $"{setting.Help} [default: {setting.DefaultText ?? setting.Default}]",
                AllowMultipleArgumentsPerToken = setting.IsList,
                Arity = setting.IsList ? ArgumentArity.OneOrMore : ArgumentArity.ExactlyOne,
                Recursive = setting.ForSubcommands,
                // The loader reads the texts, as it does those of the environment and the file.
                CustomParser = result => [.. result.Tokens.Select(token => token.Value)],
            });
        }

        SetAction(root, (_, options, installation, cancellation) => serve(options, installation, cancellation), begin);
        return root;
    }

    /// <summary>Runs the action with the settings; mistakes in them end with exit code 2 before it.</summary>
    public void SetAction(Command command, Func<ParseResult, ServerOptions, CancellationToken, Task<int>> action) =>
        SetAction(command, (parsed, options, _, cancellation) => action(parsed, options, cancellation), _ => { });

    private void SetAction(Command command, Func<ParseResult, ServerOptions, Installation, CancellationToken, Task<int>> action, Action<ServerOptions> begin) =>
        command.SetAction(async (parsed, cancellation) =>
        {
            var loaded = loader.Load(Values(parsed), parsed.GetValue(_config));
            foreach (var warning in loaded.Warnings)
            {
                talk.Warning(warning);
            }

            if (loaded.Mistakes.Count == 0)
            {
                begin(loaded.Options);
            }

            // read even when a setting is wrong, so that one start shows everything that is to be mended
            var installation = Installation.Load(loaded.Options);
            return Tell(AllMistakes(loaded, installation)) ? ExitCode.Usage : await action(parsed, loaded.Options, installation, cancellation);
        });

    /// <summary>Parses and runs; everything that was written wrongly is told together.</summary>
    public async Task<int> Run(RootCommand root, IReadOnlyList<string> arguments)
    {
        var parsed = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count == 0)
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = EndTimeout });
        }

        Tell(Mistakes(parsed));
        talk.Hint("--help lists the options");
        return ExitCode.Usage;
    }

    private IEnumerable<string> Mistakes(ParseResult parsed)
    {
        var unknown = parsed.UnmatchedTokens.Where(token => token.StartsWith('-')).ToList();
        foreach (var token in unknown)
        {
            var near = NearestName.Of(token, _options.Values.Select(option => option.Name).Append(Settings.ConfigOption));
            yield return $"{token}: unknown option" + (near is null ? "" : $"; the nearest is {near}");
        }

        // What follows an unknown option is its value and no mistake of its own.
        foreach (var error in parsed.Errors.Where(error => unknown.Count == 0 || error.SymbolResult is OptionResult))
        {
            yield return error.Message.TrimEnd('.');
        }

        var loaded = loader.Load(Values(parsed), parsed.GetValue(_config));
        foreach (var mistake in AllMistakes(loaded, Installation.Load(loaded.Options)))
        {
            yield return mistake;
        }
    }

    private static IEnumerable<string> AllMistakes(LoadedSettings loaded, Installation installation) =>
        loaded.Mistakes.Select(mistake => mistake.ToString()).Concat(installation.Mistakes.Select(mistake => mistake.ToString()));

    /// <summary>True if there was something to tell.</summary>
    private bool Tell(IEnumerable<string> mistakes)
    {
        var any = false;
        foreach (var mistake in mistakes)
        {
            talk.Error(mistake);
            any = true;
        }

        return any;
    }

    private Dictionary<string, IReadOnlyList<string>> Values(ParseResult parsed)
    {
        var values = new Dictionary<string, IReadOnlyList<string>>();
        foreach (var (name, option) in _options)
        {
            if (parsed.GetResult(option) is { Implicit: false, Tokens.Count: > 0 } result)
            {
                values[name] = [.. result.Tokens.Select(token => token.Value)];
            }
        }

        return values;
    }
}
