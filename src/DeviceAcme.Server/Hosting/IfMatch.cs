using System.Globalization;
using DeviceAcme.Protocol.Acme;
using Microsoft.Net.Http.Headers;

namespace DeviceAcme.Server.Hosting;

/// <summary>Which version of a resource a change is meant for (RFC 9110 §13.1.1), to be checked in the transaction of the change.</summary>
internal sealed class IfMatch
{
    private readonly IReadOnlyList<string>? _tags;

    private IfMatch(IReadOnlyList<string>? tags) => _tags = tags;

    /// <summary>Any version will do.</summary>
    public static IfMatch Any { get; } = new((IReadOnlyList<string>?)null);

    /// <summary>What the request says; where it must and does not, it is refused (RFC 6585 §3).</summary>
    public static IfMatch Of(HttpRequest request, bool required)
    {
        if (request.Headers.IfMatch is not { Count: > 0 } header)
        {
            return required
                ? throw Problems.Malformed("precondition-required", "If-Match: expected the ETag of the version that this changes, or *", StatusCodes.Status428PreconditionRequired)
                : Any;
        }

        if (!EntityTagHeaderValue.TryParseStrictList(header, out var tags))
        {
            throw Problems.Malformed("precondition-malformed", "If-Match: expected an ETag such as \"7\", or *");
        }

        return tags.Contains(EntityTagHeaderValue.Any) ? Any : new IfMatch([.. tags.Where(tag => !tag.IsWeak).Select(tag => tag.Tag.ToString())]);
    }

    /// <summary>Says which version an answer shows.</summary>
    public static void Tell(HttpResponse response, long version) => response.Headers.ETag = Tag(version);

    /// <summary>Refuses where another version is in force.</summary>
    public void Check(long version)
    {
        if (_tags?.Contains(Tag(version)) == false)
        {
            throw Problems.Malformed("precondition-failed", $"If-Match: the version now is {Tag(version)}: somebody changed it; read it again", StatusCodes.Status412PreconditionFailed);
        }
    }

    private static string Tag(long version) => string.Create(CultureInfo.InvariantCulture, $"\"{version}\"");
}
