using System.Text;
using System.Text.Json.Nodes;

namespace DeviceAcme.Server.Defects;

/// <summary>An answer that is about to be sent.</summary>
internal sealed class DefectAnswer(HttpContext context, byte[] body)
{
    public HttpResponse Response => context.Response;

    public PathString Path => context.Request.Path;

    public byte[] Body { get; set; } = body;

    public string Text
    {
        get => Encoding.UTF8.GetString(Body);
        set => Body = Encoding.UTF8.GetBytes(value);
    }

    /// <summary>Whether the path ends so; <c>*</c> stands for an id.</summary>
    public bool Is(params ReadOnlySpan<string> end) => DefectPath.Ends(Path, end);

    /// <summary>Whether it is a problem of this type.</summary>
    public bool IsProblem(string type) => Response.ContentType == "application/problem+json" && Text.Contains($":{type}\"", StringComparison.Ordinal);

    /// <summary>Changes the JSON object.</summary>
    public void Change(Action<JsonObject> change)
    {
        if (Response.ContentType is { } type && type.Contains("json", StringComparison.Ordinal) && Body.Length > 0)
        {
            var json = JsonNode.Parse(Body)!.AsObject();
            change(json);
            Text = json.ToJsonString();
        }
    }

    /// <summary>Says that all went well, in place of a refusal.</summary>
    public void Succeed(string body = "{}")
    {
        Response.StatusCode = StatusCodes.Status200OK;
        Response.ContentType = "application/json";
        Text = body;
    }
}

/// <summary>Paths by their end.</summary>
internal static class DefectPath
{
    public static bool Ends(PathString path, ReadOnlySpan<string> end)
    {
        var parts = path.Value!.Split('/');
        if (parts.Length < end.Length)
        {
            return false;
        }

        for (var i = 0; i < end.Length; i++)
        {
            if (end[i] != "*" && parts[parts.Length - end.Length + i] != end[i])
            {
                return false;
            }
        }

        return true;
    }
}
