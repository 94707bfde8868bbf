using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Protocol.Client;

/// <summary>A step of the client failed; the message says what was being done, and what the server said.</summary>
public sealed class AcmeClientException : Exception
{
    /// <param name="step">The step's name, see <see cref="AcmeStep"/>.</param>
    /// <param name="message">What went wrong, without the step's name.</param>
    /// <param name="problem">What the server said.</param>
    /// <param name="status">HTTP status of the answer.</param>
    /// <param name="inner">The cause.</param>
    public AcmeClientException(string step, string message, Problem? problem = null, int? status = null, Exception? inner = null)
        : base($"{step}: {message}", inner)
    {
        Step = step;
        Problem = problem;
        Status = status;
    }

    /// <summary>The step's name, see <see cref="AcmeStep"/>.</summary>
    public string Step { get; }

    /// <summary>The problem document; null when the fault is another one (no answer, not ACME, too slow).</summary>
    public Problem? Problem { get; }

    /// <summary>HTTP status; null without an answer.</summary>
    public int? Status { get; }
}
