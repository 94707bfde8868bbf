namespace DeviceAcme.Server.Retention;

/// <summary>Dropping what is kept no longer, a few rows at a time, so that requests pass between the steps however much there is to do.</summary>
internal static class SmallSteps
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Steps until one finds less than it could have dropped; how many rows that were.</summary>
    /// <param name="most">Rows of one step at most.</param>
    /// <param name="step">Drops some; how many.</param>
    /// <param name="cancellation">Ends it between two steps.</param>
    public static async Task<int> Repeat(int most, Func<Task<int>> step, CancellationToken cancellation)
    {
        var all = 0;
        while (await step() is var done and > 0)
        {
            all += done;
            if (done < most)
            {
                break;
            }

            await Task.Delay(Pause, cancellation);
        }

        return all;
    }
}
