using System.CommandLine;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli;

/// <summary><c>--limit</c> and <c>--all</c> of a command that lists something, and the reading of the list page by page.</summary>
internal sealed class ListReading
{
    private const int UsualLimit = 50;

    /// <summary>What the server shows at most at once.</summary>
    private const int LargestPage = 200;

    private readonly Option<int> _limit = new("--limit") { HelpName = "NUMBER", Description = "at most so many", DefaultValueFactory = _ => UsualLimit };
    private readonly Option<bool> _all = new("--all") { Description = "all of them" };

    public ListReading() => _limit.Validators.Add(result =>
    {
        if (result.Tokens.Count > 0 && result.GetValueOrDefault<int>() < 1)
        {
            result.AddError("--limit: expected a number from 1");
        }
    });

    public void AddTo(Command command)
    {
        command.Options.Add(_limit);
        command.Options.Add(_all);
    }

    /// <summary>What the options ask for; says so where that is not everything.</summary>
    /// <param name="path">The route with its filters, for example <c>admin/v1/audit?kind=order.created</c>.</param>
    public async Task<IReadOnlyList<TEntry>> Read<TPage, TEntry>(
        AdminConnection server, string path, JsonTypeInfo<TPage> type, ParseResult parsed, Talk talk, CancellationToken cancellation)
        where TPage : IListPage<TEntry>
    {
        int? most = parsed.GetValue(_all) ? null : parsed.GetValue(_limit);
        var entries = new List<TEntry>();
        // one more than is shown, so that nothing is said to be left out that is not there
        await foreach (var entry in Entries<TPage, TEntry>(server, path, type, most + 1, cancellation))
        {
            if (entries.Count == most)
            {
                talk.Hint($"only the first {most} are shown; --all, --limit and the filters choose");
                break;
            }

            entries.Add(entry);
        }

        return entries;
    }

    /// <summary>The filters that were given as the query of a URL, with its question mark; empty where none was.</summary>
    public static string Query(params IEnumerable<(string Name, string? Value)> filters)
    {
        var given = string.Join('&', filters.Where(filter => filter.Value is not null).Select(filter => $"{filter.Name}={Uri.EscapeDataString(filter.Value!)}"));
        return given.Length == 0 ? "" : "?" + given;
    }

    /// <summary>Everything that a list has, or the first of it, page by page, so that a long list never stands in memory.</summary>
    public static async IAsyncEnumerable<TEntry> Entries<TPage, TEntry>(
        AdminConnection server, string path, JsonTypeInfo<TPage> type, int? most, [EnumeratorCancellation] CancellationToken cancellation)
        where TPage : IListPage<TEntry>
    {
        var start = path + (path.Contains('?', StringComparison.Ordinal) ? "&" : "?");
        var left = most ?? int.MaxValue;
        string? cursor = null;
        do
        {
            var size = Math.Min(left, LargestPage).ToString(CultureInfo.InvariantCulture);
            var answer = await server.Get($"{start}limit={size}{(cursor is null ? "" : $"&cursor={Uri.EscapeDataString(cursor)}")}", type, cancellation);
            foreach (var entry in answer.Entries)
            {
                yield return entry;
            }

            left -= answer.Entries.Count;
            cursor = answer.Next;
        }
        while (cursor is not null && left > 0);
    }
}
