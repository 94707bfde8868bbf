using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace DeviceAcme.Server.Storage;

/// <summary>Tells what passes by itself from what does not.</summary>
internal static class Outages
{
    private const int Full = 13;
    private const int Corrupt = 11;
    private const int NotADatabase = 26;

    /// <summary>SQLite's busy, locked, read-only, I/O error, and a file that cannot be opened.</summary>
    private static readonly int[] OfFiles = [5, 6, 8, 10, 14, Full, Corrupt, NotADatabase];

    /// <summary>What clients are told to wait before they come again, in seconds: a restart is short, and a full disk waits for somebody.</summary>
    public static string RetryAfter(Exception failure) => Find(failure) is null ? "5" : "60";

    /// <summary>Whether the database could not be reached or written, was stopping or starting, or had no connection left: asked later, or when somebody has made room, it answers.</summary>
    public static bool Is(Exception? failure)
    {
        if (Find(failure) is not null)
        {
            return true;
        }

        for (; failure is not null; failure = failure.InnerException)
        {
            // 57P01 to 57P05: somebody stops the server, it is starting, or it ended an idle session; 25P03: a turn that was idle too long
            if (failure is DbException { IsTransient: true } or DbException { SqlState: "57P01" or "57P02" or "57P03" or "57P05" or "25P03" })
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether SQLite found its file damaged: nothing may be written into it any more.</summary>
    public static bool IsDamage(Exception? failure) => Find(failure) is { SqliteErrorCode: Corrupt or NotADatabase };

    /// <summary>What is wrong with SQLite's file and what an operator does about it; null where it is something else.</summary>
    public static (string Message, string Hint)? Explain(Exception? failure) => Find(failure) is not { } found ? null : found.SqliteErrorCode switch
    {
        Corrupt or NotADatabase => ($"the database is damaged: {found.Message}", "keep a copy of the data directory, ask 'deviceacme check' what is wrong, and restore the last sound backup (docs/backup.md)"),
        Full => ($"the disk is full: {found.Message}", "make room; nothing is lost"),
        _ => ($"the database cannot be read or written: {found.Message}", "is the disk mounted for writing, is it sound, and do the files belong to the server's account?"),
    };

    /// <summary>Does it again where the database was away for a moment: its restart, a connection that ended.</summary>
    public static async Task<T> Retry<T>(int attempts, Func<Task<T>> action)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await action();
            }
            catch (DbException failure) when (attempt < attempts && Is(failure))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100 << attempt));
            }
        }
    }

    private static SqliteException? Find(Exception? failure)
    {
        for (; failure is not null; failure = failure.InnerException)
        {
            if (failure is SqliteException found && OfFiles.Contains(found.SqliteErrorCode))
            {
                return found;
            }
        }

        return null;
    }
}
