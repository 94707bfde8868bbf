using System.Data.Common;
using DeviceAcme.Core.Anchors;
using DeviceAcme.Server.Storage;

namespace DeviceAcme.Server.Anchors;

/// <summary>Folders that only the store has, because their anchors were imported: profiles may name them too.</summary>
internal static class StoredFolders
{
    /// <summary>The folders with certificates that do not come from files, and how many they have; none where there is no store yet.</summary>
    /// <remarks>Reads beside a running server. A store that cannot be read is told by whoever opens it to work with it.</remarks>
    public static IReadOnlyDictionary<string, int> Read(ServerOptions options)
    {
        var none = new Dictionary<string, int>();
        try
        {
            var database = Databases.Of(options);
            using var connection = database.Peek();
            return connection is not null && database.HasTable(connection, "anchor_versions")
                && connection.Scalar("SELECT content FROM anchor_versions ORDER BY number DESC LIMIT 1") is byte[] content
                ? AnchorCatalogJson.Read(content).Entries.Where(entry => entry.Origin != AnchorOrigin.Files).GroupBy(entry => entry.Folder).ToDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal)
                : none;
        }
        catch (DbException)
        {
            // not ours to tell: the start opens the same file next, and says what is wrong with it
            return none;
        }
    }
}
