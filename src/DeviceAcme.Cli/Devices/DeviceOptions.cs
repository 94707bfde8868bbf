using System.CommandLine;

namespace DeviceAcme.Cli.Devices;

/// <summary>The filters of <c>device list</c> and <c>device export</c>.</summary>
internal sealed class DeviceFilterOptions
{
    private readonly Option<string?> _state = new("--state") { HelpName = "STATE", Description = "expected, active, quarantined, blocked or retired" };
    private readonly Option<string?> _group = new("--group") { HelpName = "NAME", Description = "in this group" };
    private readonly Option<string?> _owner = new("--owner") { HelpName = "TEXT", Description = "of this owner" };
    private readonly Option<string?> _identifier = new("--identifier") { HelpName = "VALUE", Description = "with this identifier of whatever kind, or this id" };
    private readonly Option<string?> _text = new("--text") { HelpName = "PART", Description = "whose label, owner or identifiers contain this" };

    public DeviceFilterOptions() => _state.CompletionSources.Add("expected", "active", "quarantined", "blocked", "retired");

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_state, _group, _owner, _identifier, _text])
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The parameters of the route.</summary>
    public (string Name, string? Value)[] Query(ParseResult parsed) =>
    [
        ("state", parsed.GetValue(_state)), ("group", parsed.GetValue(_group)), ("owner", parsed.GetValue(_owner)), ("identifier", parsed.GetValue(_identifier)), ("text", parsed.GetValue(_text)),
    ];
}

/// <summary>What <c>device add</c> and <c>device edit</c> say of a device.</summary>
internal sealed class DeviceWordOptions
{
    private readonly Option<string[]> _groups = new("--group") { HelpName = "NAME", Description = "a group that it is in; several can be given, and are all of its groups" };
    private readonly Option<bool> _noGroups = new("--no-groups") { Description = "it is in no group" };
    private readonly Option<string[]> _attributes = new("--attribute") { HelpName = "KEY=VALUE", Description = "a fact ledger.KEY for rules and templates; without a value the key goes away; several can be given" };

    public Option<string?> Label { get; } = new("--label") { HelpName = "TEXT", Description = "what people call it" };

    public Option<string?> Owner { get; } = new("--owner") { HelpName = "TEXT", Description = "whose it is" };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[Label, Owner, _groups, _noGroups, _attributes])
        {
            command.Options.Add(option);
        }

        command.Validators.Add(result =>
        {
            if (result.GetValue(_noGroups) && result.GetValue(_groups) is { Length: > 0 })
            {
                result.AddError("--group and --no-groups exclude each other");
            }
        });
    }

    public IReadOnlyList<string>? GroupsOf(ParseResult parsed) => parsed.GetValue(_noGroups) ? [] : parsed.GetValue(_groups) is { Length: > 0 } groups ? groups : null;

    public IReadOnlyDictionary<string, string>? AttributesOf(ParseResult parsed)
    {
        var pairs = (parsed.GetValue(_attributes) ?? []).Select(text => Pair("--attribute", text)).ToList();
        if (pairs.GroupBy(pair => pair.Key).FirstOrDefault(key => key.Count() > 1) is { } twice)
        {
            throw new WrongUse($"--attribute: {twice.Key} stands there twice");
        }

        return pairs.Count > 0 ? pairs.ToDictionary(pair => pair.Key, pair => pair.Value) : null;
    }

    /// <summary>Identifiers by kind; null where there are none.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>>? Identifiers(string option, string[]? given) => given is not { Length: > 0 } ? null
        : given.Select(text => Pair(option, text)).GroupBy(pair => pair.Key).ToDictionary(kind => kind.Key, kind => (IReadOnlyList<string>)[.. kind.Select(pair => pair.Value)]);

    private static (string Key, string Value) Pair(string option, string text) => text.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals
        ? (text[..equals], text[(equals + 1)..])
        : throw new WrongUse($"{option}: expected a name, = and a value; found '{text}'");
}
