namespace DeviceAcme.Protocol.Admin;

/// <summary>The answer of a list: one page of it. All lists are read with the parameters <c>limit</c> (1 to 200, usually 50) and <c>cursor</c>.</summary>
/// <typeparam name="T">What is listed.</typeparam>
public interface IListPage<out T>
{
    /// <summary>What this page shows.</summary>
    IReadOnlyList<T> Entries { get; }

    /// <summary>The <c>cursor</c> of the next page; null on the last one.</summary>
    string? Next { get; }
}
