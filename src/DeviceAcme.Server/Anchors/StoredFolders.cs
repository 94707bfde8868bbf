using DeviceAcme.Core.Anchors;
using Microsoft.Data.Sqlite;

namespace DeviceAcme.Server.Anchors;

/// <summary>Folders that only the store has, because their anchors were imported: profiles may name them too.</summary>
internal static class StoredFolders
{
    /// <summary>The folders with certificates that do not come from files, and how many they have; none where there is no store yet.</summary>
    /// <remarks>Reads beside a running server. A store that cannot be read is told by whoever opens it to work with it.</remarks>
    public static IReadOnlyDictionary<string, int> Read(string dataDirectory)
    {
        var file = Path.Combine(dataDirectory, "acme.db");
        var none = new Dictionary<string, int>();
        if (!File.Exists(file))
        {
            return none;
        }

        try
        {
            using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
            connection.Open();
            using var table = connection.CreateCommand();
            table.CommandText = "SELECT COUNT(*) FROM sqlite_master WHERE name = 'anchor_versions'";
            if (table.ExecuteScalar() is not 1L)
            {
                return none;
            }

            using var newest = connection.CreateCommand();
            newest.CommandText = "SELECT content FROM anchor_versions ORDER BY number DESC LIMIT 1";
            return newest.ExecuteScalar() is byte[] content
                ? AnchorCatalogJson.Read(content).Entries.Where(entry => entry.Origin != AnchorOrigin.Files).GroupBy(entry => entry.Folder).ToDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal)
                : none;
        }
        catch (SqliteException)
        {
            // not ours to tell: the start opens the same file next, and says what is wrong with it
            return none;
        }
    }
}
