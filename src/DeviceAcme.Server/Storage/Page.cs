using System.Globalization;
using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Server.Storage;

/// <summary>Which page of a list is asked for. Every list of the admin listener is read with <c>limit</c> and <c>cursor</c>.</summary>
/// <remarks>
/// A list has an order in which no two rows stand at one place: a time and the id, or a number. Pages do not shift while rows come and go, because the
/// next one begins behind a place and not behind a count. A query asks for the rows behind it, for one side of the time by itself so that an index is
/// entered there, and takes <see cref="Rows"/> of them:
/// <code>
/// rows = page.Behind is { At: var at, Id: var id } ? rows.Where(row => row.At &lt;= at &amp;&amp; (row.At &lt; at || row.Id &lt; new OrderId(id))) : rows;
/// var found = await rows.OrderByDescending(row => row.At).ThenByDescending(row => row.Id).Take(page.Rows).ToListAsync(cancellation);
/// var (shown, next) = page.Cut(found, row => Place.Of(row.At, row.Id.Value));
/// </code>
/// The type of the answer is an <see cref="Protocol.Admin.IListPage{T}"/>.
/// </remarks>
/// <param name="Limit">Most rows that are shown.</param>
/// <param name="Behind">The last row of the page before; null for the first page.</param>
internal sealed record Page(int Limit, Place? Behind)
{
    /// <summary>What is shown where nobody says how much.</summary>
    public const int UsualLimit = 50;

    /// <summary>More are never shown at once.</summary>
    public const int LargestLimit = 200;

    /// <summary>How many rows to ask the store for: one more than are shown tells whether there is a next page.</summary>
    public int Rows => Limit + 1;

    /// <summary>What is shown of the rows that were found, and the cursor of the next page; null where this is the last one.</summary>
    public (IReadOnlyList<T> Shown, string? Next) Cut<T>(IReadOnlyList<T> found, Func<T, Place> place) =>
        found.Count <= Limit ? (found, null) : ([.. found.Take(Limit)], place(found[Limit - 1]).ToString());
}

/// <summary>A place in a list; <c>cursor</c> and <c>next</c> are its text.</summary>
/// <param name="Number">A time in Unix milliseconds, or a row's number.</param>
/// <param name="Id">Of the row, where its number is not its own alone; else empty.</param>
internal readonly record struct Place(long Number, string Id)
{
    private static readonly long _latest = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    public DateTimeOffset At => DateTimeOffset.FromUnixTimeMilliseconds(Number);

    public static Place Of(DateTimeOffset at, string id) => new(at.ToUnixTimeMilliseconds(), id);

    public static Place Of(long number) => new(number, "");

    /// <summary>Reads a <c>cursor</c>.</summary>
    /// <exception cref="ProblemException"><c>cursor-invalid</c>.</exception>
    public static Place Parse(string text)
    {
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        var (number, id) = dot < 0 ? (text, "") : (text[..dot], text[(dot + 1)..]);
        return long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value <= _latest
            ? new Place(value, id)
            : throw Problems.Malformed("cursor-invalid", "cursor: expected 'next' of the previous page");
    }

    public override string ToString() => Id.Length == 0 ? Number.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{Number}.{Id}");
}
