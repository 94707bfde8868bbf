using System.Data.Common;

namespace DeviceAcme.Server.Storage;

/// <summary>Tells what passes by itself from what does not.</summary>
internal static class Outages
{
    /// <summary>What clients are told to wait before they come again, in seconds.</summary>
    public const string RetryAfter = "5";

    /// <summary>Whether the database could not be reached, was stopping or starting, or had no connection left: asked later, it answers.</summary>
    public static bool Is(Exception? failure)
    {
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
}
